import type { IncomingMessage } from 'node:http';
import { fail } from '../core/fault.ts';
import type { Receipts } from '../hook/receipt.ts';
import type { Principal } from './principal.ts';

/**
 * One way to authenticate a caller. It returns a promise only if it must wait, because an await costs every request a
 * turn of the event loop.
 * @param binding the id of the binding that the request is for
 * @param request the request, for the plugins that are called for it
 * @returns undefined when the request carries no credentials of this scheme
 * @throws Fault `credentials_refused` if they are not accepted
 */
export type Authenticate = (
  incoming: IncomingMessage,
  binding: string,
  request?: AuthenticatingRequest,
) => Promise<Principal | undefined> | Principal | undefined;

/** A request whose caller is authenticated. */
export interface AuthenticatingRequest {
  readonly id?: string;
  /** The id of the binding in its URL; undefined where the caller's tenant decides. */
  readonly binding?: string | undefined;
  /** The protected resource that a token must name; the binding by default. */
  readonly resource?: string | undefined;
  /** Where hook calls are recorded; absent where a stream is checked again. */
  readonly call?: { readonly receipts: Receipts };
}

/** What is called for each request before and after its caller is authenticated. */
export interface AuthenticationChecks {
  /** @throws Fault if the request is refused */
  before(incoming: IncomingMessage, request: AuthenticatingRequest): Promise<void>;
  /** @returns the caller, perhaps with fewer scopes @throws Fault if the request is refused */
  after(incoming: IncomingMessage, request: AuthenticatingRequest, caller: Principal): Promise<Principal>;
}

/** Why credentials are refused, for the operator: the log and a label of a metric. Clients do not get it. */
export type RefusalReason =
  | 'ambiguous'
  | 'unknown'
  | 'malformed'
  | 'expired'
  | 'revoked'
  | 'inactive'
  | 'not_yet_valid'
  | 'wrong_issuer'
  | 'wrong_audience'
  | 'wrong_algorithm'
  | 'wrong_type'
  | 'wrong_key'
  | 'wrong_signature'
  | 'wrong_certificate'
  | 'missing_claim'
  | 'missing_scope'
  | 'sender_constrained'
  | 'untrusted_address'
  | 'provider_unavailable'
  | 'refused_by_plugin';

/** Refuses credentials. `about` is for the log and must not contain them. @throws Fault `credentials_refused` */
export function refuseCredentials(scheme: string, reason: RefusalReason, about: object = {}): never {
  fail('credentials_refused', { scheme, reason, ...about });
}

/** Counts how often a header was sent. Of some, Node keeps the first one only, and it joins others. */
export function countOf(name: string, { rawHeaders }: Pick<IncomingMessage, 'rawHeaders'>): number {
  let found = 0;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const sent = rawHeaders[at];
    if (sent?.length === name.length && sent.toLowerCase() === name) found += 1;
  }
  return found;
}

/**
 * Returns the token of an `Authorization: Bearer` header (RFC 6750 § 2.1), or undefined without such a header. A token in
 * the query or the body of a request is never read.
 */
export function bearerToken({ headers: { authorization } }: IncomingMessage): string | undefined {
  if (authorization === undefined) return undefined;
  return /^bearer +(?<token>[A-Za-z0-9._~+/-]+=*)$/i.exec(authorization)?.groups?.token;
}
