import type { Principal } from './principal.ts';

/** The verified token that a caller presented. It serves only to get the caller's own token for an upstream. */
export interface SubjectToken {
  readonly token: string;
}

const tokens = new WeakMap<Principal, SubjectToken>();

/**
 * Keeps the token that authenticated a caller. It is not a member of the principal, so that no log line, receipt, plugin
 * or JSON text can contain it, and it is forgotten with the principal.
 */
export function keepToken(principal: Principal, token: SubjectToken): void {
  tokens.set(principal, token);
}

/** Returns the token that the caller presented; undefined for a caller without one, such as the owner of an API key. */
export const credentialsOf = (principal: Principal): SubjectToken | undefined => tokens.get(principal);
