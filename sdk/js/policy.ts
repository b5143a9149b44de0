/// <reference path="./contract.d.ts" />

import type { Decision, PolicyContext, Request, Violation } from 'sallyport:plugin/types@0.1.0';
import { type Configurable, configured } from './config.ts';
import { type ViolationDetails, violation } from './violation.ts';

/** A `policy` plugin. Whatever it throws denies. */
export interface Policy<Config> extends Configurable<Config> {
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
 */
export const deny = (code: string, reason: string, more: ViolationDetails = {}): { tag: 'deny'; val: Violation } => ({
  tag: 'deny',
  val: violation(code, reason, more),
});

/**
 * Creates a plugin's exports from its decisions:
 * `export const { lifecycle, policyCheck } = policy({ decide: request => … })`.
 */
export function policy<Config extends object = Record<string, never>>(plugin: Policy<Config>): PolicyExports {
  const { lifecycle, config } = configured(plugin);
  const show = (request: Request, context: PolicyContext) =>
    plugin.show === undefined ? plugin.decide(request, context, config()) : plugin.show(request, context, config());
  return {
    lifecycle,
    policyCheck: {
      decide: (context, request) => plugin.decide(request, context, config()),
      decideMany: (context, requests) => requests.map(request => show(request, context)),
    },
  };
}
