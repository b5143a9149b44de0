import { type Json, type JsonObject, withDoubles } from '../core/json.ts';

/** Who is calling, and on whose behalf. */
export interface Principal {
  /** Names the caller among those of its scheme and tenant; absent when the caller is anonymous. */
  readonly subject?: string;
  /** Whom limits, stored values and configuration belong to; absent where there is only one. */
  readonly tenant?: string;
  /** What the caller is permitted, sorted and without duplicates. */
  readonly scopes: readonly string[];
  /** What the scheme knows about the caller. Plugins see the claims that their grant names. */
  readonly claims: JsonObject;
  /** Id of the scheme that authenticated the caller. */
  readonly scheme: string;
}

/** The caller of a gateway that authenticates nobody. */
export const anonymous: Principal = frozen({ scopes: [], claims: {}, scheme: 'anonymous' });

/** What a scheme knows about a caller that it has authenticated. */
export interface Authenticated {
  readonly subject: string;
  readonly tenant?: string;
  readonly scopes?: Iterable<string>;
  readonly claims?: JsonObject;
  readonly scheme: string;
}

/** Creates the principal of an authenticated caller. It is frozen, and holds copies of what it was made from. */
export function createPrincipal({ subject, tenant, scopes = [], claims = {}, scheme }: Authenticated): Principal {
  return frozen({
    subject,
    ...(tenant === undefined ? {} : { tenant }),
    scopes: [...new Set(scopes)].sort(),
    claims: withDoubles(claims) as JsonObject,
    scheme,
  });
}

/**
 * Returns a text that is the same for two requests exactly when the same caller made them. A renewed token may bring
 * other scopes and claims, so neither is part of it. The key of `anonymous` is empty.
 */
export const principalKey = ({ scheme, tenant, subject }: Principal): string =>
  subject === undefined ? '' : JSON.stringify([scheme, tenant ?? null, subject]);

/** Returns whether two requests come from the same caller, whatever their scopes and claims. */
export const isSamePrincipal = (one: Principal, other: Principal): boolean =>
  one === other || principalKey(one) === principalKey(other);

function frozen<T extends object>(value: T): T {
  for (const member of Object.values(value) as Json[]) {
    if (typeof member === 'object' && member !== null) frozen(member);
  }
  return Object.freeze(value);
}
