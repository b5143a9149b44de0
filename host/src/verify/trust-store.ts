import type { Digest } from '../core/digest.ts';
import type { FaultDetails } from '../core/fault.ts';
import { Fault, fail } from '../core/fault.ts';
import { type PublicKey, parsePublicKey } from './key.ts';

/** A key of the operator's trust store. */
export interface TrustedKey {
  readonly id: string;
  /** SPKI PEM. */
  readonly pem: string;
  /**
   * The repositories that it may sign for, such as `ghcr.io/acme/*`: `*` matches one component, `**` any number. A lone
   * `*`, or no scopes, allows every origin. Files and layouts have no repository, so only that matches them.
   */
  readonly scopes?: readonly string[] | undefined;
  /** ISO 8601. */
  readonly not_before?: string | undefined;
  readonly not_after?: string | undefined;
  readonly status?: 'active' | 'revoked' | undefined;
  /** Whether plugins that it signed may run on the gateway's thread. */
  readonly inline?: boolean | undefined;
}

/** The keys that the operator trusts, and digests that are revoked whatever key signed them. */
export interface TrustPolicy {
  readonly keys: readonly TrustedKey[];
  readonly revoked_digests: readonly (Digest | string)[];
}

export type TrustedPublicKey = PublicKey & { readonly entry: TrustedKey };

export interface TrustStore {
  readonly keys: readonly TrustedPublicKey[];
  isRevoked(digest: Digest): boolean;
  /** Returns why the key may not sign for this repository now, or undefined if it may. */
  objection(key: TrustedPublicKey, repository: string | undefined, now: Date): Fault | undefined;
}

/** Reads the keys of the trust store. @throws Fault `key_invalid`, which names the entry */
export function createTrustStore(policy: TrustPolicy): TrustStore {
  const keys = policy.keys.map(entry => ({ ...parsePublicKey(entry.pem, { key: entry.id }), entry }));
  for (const [index, key] of keys.entries()) {
    const twin = keys.slice(0, index).find(other => other.keyId === key.keyId);
    if (twin) fail('key_invalid', { key: key.entry.id, what: `it is the same key as ${twin.entry.id}` });
  }
  const revoked = new Set<string>(policy.revoked_digests);
  return {
    keys,
    isRevoked: digest => revoked.has(digest),
    objection(key, repository, now) {
      const { id, status, not_before, not_after, scopes } = key.entry;
      const about: FaultDetails = { key: id, keyId: key.keyId };
      if (status === 'revoked') return new Fault('key_revoked', about);
      if (not_before && now < new Date(not_before)) return new Fault('key_not_yet_valid', { ...about, not_before });
      if (not_after && now > new Date(not_after)) return new Fault('key_expired', { ...about, not_after });
      if (!scopes || scopes.some(scope => fits(scope, repository))) return undefined;
      return new Fault('key_out_of_scope', { ...about, scopes, repository: repository ?? 'none, it is local' });
    },
  };
}

function fits(scope: string, repository: string | undefined): boolean {
  if (scope === '*' || scope === '**') return true;
  if (repository === undefined) return false;
  const parts = scope.split(/(\*\*|\*)/).map(part => {
    if (part === '**') return '.+';
    return part === '*' ? '[^/]+' : part.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
  });
  return new RegExp(`^${parts.join('')}$`).test(repository);
}
