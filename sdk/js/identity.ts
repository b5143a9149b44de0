/// <reference path="./contract.d.ts" />

import type {
  ArrivingRequest,
  AuthenticatedCaller,
  Credentials,
  Identification,
  IdentityContext,
  Narrowed,
  PostCheckOutcome,
  PreCheckOutcome,
  Violation,
} from 'sallyport:plugin/types@0.1.0';
import { type Configurable, configured } from './config.ts';
import { violation } from './violation.ts';

/** The result of a function that returns nothing. */
// biome-ignore lint/suspicious/noConfusingVoidType: TypeScript gives functions without a `return` the type void alone.
type Nothing = undefined | void;

/** An `identity` plugin. Omitted functions do nothing. Whatever they throw refuses the request. */
export interface Identity<Config> extends Configurable<Config> {
  /**
   * Identifies a caller by its credentials: {@link known}, {@link refuse}, or nothing for credentials that this plugin
   * does not know. Throw an exception if they cannot be checked now. The answer is remembered, so it must depend on the
   * credentials alone.
   */
  identify?(credentials: Credentials, context: IdentityContext, config: Config): Identification | Nothing;
  /** The hook `auth_pre_check`. Returning nothing lets the request proceed. */
  preCheck?(request: ArrivingRequest, context: IdentityContext, config: Config): PreCheckOutcome | Nothing;
  /** The hook `auth_post_check`. Returning nothing lets the request proceed, with what the caller has. */
  postCheck?(caller: AuthenticatedCaller, context: IdentityContext, config: Config): PostCheckOutcome | Nothing;
}

/** The two interfaces that an identity plugin exports under these names. */
export interface IdentityExports {
  readonly lifecycle: { configure(json: string): void };
  readonly identityCheck: {
    identify(context: IdentityContext, credentials: Credentials): Identification;
    preCheck(context: IdentityContext, request: ArrivingRequest): PreCheckOutcome;
    postCheck(context: IdentityContext, caller: AuthenticatedCaller): PostCheckOutcome;
  };
}

/** What an identity plugin may state of a caller beside the subject. The operator decides what of it counts. */
export interface Statement {
  readonly tenant?: string | undefined;
  readonly scopes?: readonly string[];
  /** Further claims. */
  readonly claims?: Readonly<Record<string, unknown>>;
  /** For how many seconds this holds. */
  readonly validForS?: number;
}

/** Identifies the caller. */
export function known(subject: string, statement: Statement = {}): Identification {
  const { tenant, scopes = [], claims = {}, validForS } = statement;
  return {
    tag: 'known',
    val: {
      ...{ subject, scopes: [...scopes], claims: JSON.stringify(claims) },
      ...(tenant !== undefined && { tenant }),
      ...(validForS !== undefined && { validForS }),
    },
  };
}

/**
 * Refuses credentials, for example because they have expired. The operator's log has the reason; the client does not get
 * it.
 * @param code stable and machine-readable, for example `SESSION_ENDED`
 * @param reason one short sentence, without the credentials
 */
export const refuse = (code: string, reason: string): { tag: 'refuse'; val: Violation } => ({
  tag: 'refuse',
  val: violation(code, reason, {}),
});

/** Takes scopes away from the caller: it keeps these, which must be its own. A tenant needs the operator's permission. */
export const narrow = (kept: Narrowed): { tag: 'narrow'; val: Narrowed } => ({ tag: 'narrow', val: kept });

const proceed = { tag: 'proceed' } as const;
const unknown = { tag: 'unknown' } as const;

/**
 * Creates a plugin's exports from its functions:
 * `export const { lifecycle, identityCheck } = identity({ identify: credentials => … })`.
 */
export function identity<Config extends object = Record<string, never>>(plugin: Identity<Config>): IdentityExports {
  const { lifecycle, config } = configured(plugin);
  return {
    lifecycle,
    identityCheck: {
      identify: (context, credentials) => plugin.identify?.(credentials, context, config()) || unknown,
      preCheck: (context, request) => plugin.preCheck?.(request, context, config()) || proceed,
      postCheck: (context, caller) => plugin.postCheck?.(caller, context, config()) || proceed,
    },
  };
}
