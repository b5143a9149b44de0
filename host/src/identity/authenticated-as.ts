import type { Principal } from './principal.ts';

const originals = new WeakMap<Principal, Principal>();

/** Remembers whom a scheme had authenticated, before plugins gave the caller a tenant or took scopes away. */
export function keepOriginal(changed: Principal, original: Principal): void {
  originals.set(changed, authenticatedAs(original));
}

/** Returns the principal that the scheme authenticated, which is what a sign-in with a browser results in. */
export const authenticatedAs = (principal: Principal): Principal => originals.get(principal) ?? principal;
