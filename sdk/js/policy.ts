/// <reference path="./contract.d.ts" />

import type { Decision, PolicyContext, Request, Violation } from 'sallyport:plugin/types@0.1.0';
import { readConfig } from './config.ts';

/** A `policy` plugin. Whatever it throws denies. */
export interface Policy<Config> {
  /** Defaults for the operator's configuration, see {@link readConfig}. */
  readonly defaults?: Config;
  /** Called once per instance. An exception refuses the configuration; the gateway then does not start. */
  configure?(config: Config): void;
  /** Decides about a request right before it is sent. */
  decide(request: Request, context: PolicyContext, config: Config): Decision;
  /**
   * Decides whether the caller sees an entry of a list. The request has no arguments, and its `uri` may be a template.
   * Without it, `decide` is asked, with `{}` as arguments.
   */
  show?(request: Request, context: PolicyContext, config: Config): Decision;
}

/** The two interfaces that a policy plugin exports under these names. */
export interface PolicyExports {
  readonly lifecycle: { configure(json: string): void };
  readonly policyCheck: {
    decide(context: PolicyContext, request: Request): Decision;
    decideMany(context: PolicyContext, requests: readonly Request[]): Decision[];
  };
}

/** Allows the request. */
export const allow: { readonly tag: 'allow' } = { tag: 'allow' };

/**
 * Denies the request; the client receives the reason.
 * @param code stable and machine-readable, for example `LIMIT_EXCEEDED`
 * @param reason one short sentence
 * @param more `description`: what the caller can do about it; `details`: an object for programs
 */
export function deny(
  code: string,
  reason: string,
  more: { readonly description?: string; readonly details?: Readonly<Record<string, unknown>> } = {},
): { tag: 'deny'; val: Violation } {
  const { description = '', details } = more;
  return { tag: 'deny', val: { code, reason, description, ...(details && { details: JSON.stringify(details) }) } };
}

/**
 * Creates a plugin's exports from its decisions:
 * `export const { lifecycle, policyCheck } = policy({ decide: request => … })`.
 */
export function policy<Config extends object = Record<string, never>>(plugin: Policy<Config>): PolicyExports {
  const defaults = plugin.defaults ?? ({} as Config);
  let config = defaults;
  const show = (request: Request, context: PolicyContext) =>
    plugin.show === undefined ? plugin.decide(request, context, config) : plugin.show(request, context, config);
  return {
    lifecycle: {
      configure(json) {
        config = readConfig(json, defaults);
        plugin.configure?.(config);
      },
    },
    policyCheck: {
      decide: (context, request) => plugin.decide(request, context, config),
      decideMany: (context, requests) => requests.map(request => show(request, context)),
    },
  };
}
