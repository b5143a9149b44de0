import type { Metrics } from '../core/metrics.ts';
import type { SecretMask } from '../core/secret-mask.ts';
import type { TenantEgress } from '../egress/tenant-egress.ts';
import type { KvStore } from '../state/kv.ts';
import type { AuditTrail } from './audit/audit-trail.ts';
import type { Secrets } from './secret-store/secrets.ts';

/** What the gateway keeps for the capabilities of all plugins. Lanes have none of it. */
export interface Facilities {
  /** Returns the store of values, which the first call begins to open. */
  kv(): KvStore;
  /** Resolves once the store of values is open, if it was used. @throws Fault `kv_unusable` */
  opened(): Promise<void>;
  readonly secrets: Secrets;
  /** Limits what plugins send for each tenant. */
  readonly tenantEgress: TenantEgress;
  readonly metrics: Metrics;
  readonly audit: AuditTrail;
  readonly mask: SecretMask;
}
