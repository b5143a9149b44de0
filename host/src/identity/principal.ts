import { type Json, type JsonObject, withDoubles } from '../core/json.ts';

/** The authenticated caller. */
export interface Principal {
  /** Identifies the caller within its scheme and tenant; absent if anonymous. */
  readonly subject?: string;
  /** The owner of limits, stored values and configuration; absent if there is only one. */
  readonly tenant?: string;
  /** The caller's permissions, sorted and without duplicates. */
  readonly scopes: readonly string[];
  /** The scheme's claims about the caller. Plugins see the ones that their grant names. */
  readonly claims: JsonObject;
  /** The id of the scheme that authenticated the caller. */
  readonly scheme: string;
}

/** The caller of a gateway without authentication. */
export const anonymous: Principal = frozen({ scopes: [], claims: {}, scheme: 'anonymous' });

/** A scheme's data about an authenticated caller. */
export interface Authenticated {
  readonly subject: string;
  readonly tenant?: string;
  readonly scopes?: Iterable<string>;
  readonly claims?: JsonObject;
  readonly scheme: string;
}

/** Creates the principal of an authenticated caller. It is frozen and contains copies of its input. */
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
 * Returns a text that is equal for two requests exactly if the same caller made them. A renewed token may have other
 * scopes and claims, so neither is part of it. The key of `anonymous` is empty.
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
