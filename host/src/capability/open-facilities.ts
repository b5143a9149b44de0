import type { Log } from '../core/log.ts';
import { Metrics } from '../core/metrics.ts';
import { SecretMask } from '../core/secret-mask.ts';
import { openAuditTrail } from './audit-trail.ts';
import type { Facilities } from './facilities.ts';
import { createMemoryKv } from './kv-memory.ts';
import { openSqliteKv } from './kv-sqlite.ts';
import { openSecrets, type SecretPlace } from './secrets.ts';

export interface FacilityOptions {
  readonly kv: { readonly store: 'memory' } | { readonly store: 'sqlite'; readonly path: string };
  readonly secrets: readonly SecretPlace[];
  readonly audit: { readonly file?: string | undefined };
  readonly log: Log;
}

/**
 * Opens what the capabilities of all plugins share. The log within it masks the values of secrets.
 * @throws Fault `kv_unusable`, `audit_unusable`, Faults of `secret_unavailable`
 */
export function openFacilities({ kv, secrets, audit, log }: FacilityOptions): Facilities & AsyncDisposable {
  const mask = new SecretMask();
  const metrics = new Metrics();
  metrics.declare('sallyport_capability_refusals_total', {
    type: 'counter',
    help: 'Uses of a capability that were refused, by plugin and capability.',
  });
  const known = openSecrets(secrets, mask);
  const trail = openAuditTrail(audit.file, log);
  const store = kv.store === 'memory' ? createMemoryKv() : openSqliteKv(kv.path);
  return {
    kv: store,
    secrets: known,
    metrics,
    audit: { write: event => trail.write(mask.value(event)), [Symbol.dispose]: () => trail[Symbol.dispose]() },
    mask,
    async [Symbol.asyncDispose]() {
      await store[Symbol.asyncDispose]();
      trail[Symbol.dispose]();
    },
  };
}
