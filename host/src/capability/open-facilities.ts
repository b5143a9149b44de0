import { type Fault, Faults, toFaults } from '../core/fault.ts';
import type { Log } from '../core/log.ts';
import { Metrics } from '../core/metrics.ts';
import { SecretMask } from '../core/secret-mask.ts';
import { createTenantLabel, QuotaRefusals } from '../core/tenant-label.ts';
import { type EgressLimits, TenantEgress } from '../egress/tenant-egress.ts';
import type { KvStore } from '../state/kv.ts';
import { createMemoryKv } from '../state/memory/kv.ts';
import { openSqliteKv } from '../state/sqlite/kv.ts';
import { openDatabase } from '../state/sqlite/thread/open-database.ts';
import { type AuditOptions, type AuditTrail, openAuditTrail, tryAuditFile, tryAuditKey } from './audit/audit-trail.ts';
import type { Facilities } from './facilities.ts';
import { refusalsMetric } from './refusal.ts';
import { openSecrets, type SecretPlace } from './secret-store/secrets.ts';
import { tryAt } from './try-at.ts';

export interface FacilityOptions {
  readonly kv: { readonly store: 'memory' } | { readonly store: 'sqlite'; readonly path: string };
  /** Whether the store of values is opened at once, and not when it is first used. */
  readonly usesKv?: boolean;
  readonly secrets: readonly SecretPlace[];
  readonly audit: AuditOptions;
  /** The requests that plugins may send for each tenant. */
  readonly egressLimits?: EgressLimits;
  /** The tenants with a label of their own in metrics. */
  readonly tenants?: readonly string[];
  readonly log: Log;
  /** Takes the values of secrets. One of its own unless stated. */
  readonly mask?: SecretMask;
}

/** What the capabilities of all plugins share, for as long as the gateway runs. */
export interface OpenFacilities extends Facilities, AsyncDisposable {
  /** Changes the limits and labels of tenants. What they have used stays used. */
  changeTenants(settings: Pick<FacilityOptions, 'egressLimits' | 'tenants'>): void;
}

/**
 * Opens what the capabilities of all plugins share; the store of values only once it is used, and `opened` reports its
 * problem.
 * @throws Faults of `secret_unavailable`, `audit_unusable`: all that cannot be opened
 */
export const openFacilities = (options: FacilityOptions): OpenFacilities => facilitiesWith(options, openersOf(options));

/**
 * Opens the same, and waits for the store of values if it is used.
 * @throws Faults as openFacilities does, and of `kv_unusable`: all that cannot be opened
 */
export async function openFacilitiesWithKv(options: FacilityOptions): Promise<OpenFacilities> {
  if (options.usesKv !== true) return openFacilities(options);
  const open = openersOf(options);
  const store = open.store();
  const [all, kv] = await Promise.allSettled([
    (async () => facilitiesWith(options, open, () => store))(),
    store.opened,
  ]);
  if (all.status === 'fulfilled' && kv.status === 'fulfilled') return all.value;
  if (all.status === 'fulfilled') await all.value[Symbol.asyncDispose]();
  throw new Faults([all, kv].flatMap(each => (each.status === 'rejected' ? toFaults(each.reason) : [])));
}

const openersOf = ({ kv, audit, log }: FacilityOptions): Openers => ({
  store: () => (kv.store === 'memory' ? createMemoryKv() : openSqliteKv(kv.path, { failed: reportEnded(log) })),
  trail: metrics => openAuditTrail(audit, log, metrics),
});

/**
 * The same, without a file that is written to: whether they could be is tried, and nothing is left behind.
 * @throws Faults as openFacilities does, and of `kv_unusable`
 */
export function tryFacilities(options: FacilityOptions): OpenFacilities {
  const { kv, audit, log } = options;
  const open: Openers = {
    store() {
      const memory = createMemoryKv();
      if (kv.store === 'memory') return memory;
      tryAt(kv.path, { makesFolders: true }, path => openDatabase(path).close());
      // Threads cannot use it directly, as little as a file.
      const { lending: _, ...store } = memory;
      return store;
    },
    trail(metrics) {
      const { file, sink, ledger } = audit;
      if (ledger !== undefined) tryAt(ledger.keyFile, { makesFolders: true }, tryAuditKey);
      if (file !== undefined && sink !== 'stdout') tryAt(file, { makesFolders: false }, tryAuditFile);
      return openAuditTrail({}, log, metrics);
    },
  };
  return facilitiesWith(options, open, options.usesKv === true ? open.store : undefined);
}

const reportEnded = (log: Log) => (fault: Fault) =>
  log.error({ ...fault.details }, 'kv_store does not work: its thread has ended and will be started again');

interface Openers {
  store(): KvStore;
  trail(metrics: Metrics): AuditTrail;
}

/** @param first opens the store of values at once */
function facilitiesWith(
  { secrets, egressLimits, tenants = [], mask = new SecretMask() }: FacilityOptions,
  open: Openers,
  first: () => KvStore | undefined = () => undefined,
): OpenFacilities {
  const metrics = new Metrics();
  metrics.declare(refusalsMetric, {
    type: 'counter',
    help: 'Refused uses of a capability, by plugin, capability and reason.',
  });
  const refusals = new QuotaRefusals(metrics, createTenantLabel(tenants));
  const tenantEgress = new TenantEgress(egressLimits, tenant =>
    refusals.count(tenant, 'limits.egress_requests_per_minute'),
  );
  const faults: Faults[] = [];
  const attempt = <T>(work: () => T): T | undefined => {
    try {
      return work();
    } catch (error) {
      faults.push(new Faults(toFaults(error)));
      return undefined;
    }
  };
  const known = attempt(() => openSecrets(secrets, mask));
  const trail = attempt(() => open.trail(metrics));
  let store = attempt(first);
  if (known === undefined || trail === undefined || faults.length > 0) {
    void trail?.[Symbol.asyncDispose]();
    void store?.[Symbol.asyncDispose]();
    throw new Faults(faults.flatMap(each => each.faults));
  }
  return {
    kv() {
      store ??= open.store();
      return store;
    },
    async opened() {
      try {
        await store?.opened;
      } catch (error) {
        // The next use tries again.
        store = undefined;
        throw error;
      }
    },
    secrets: known,
    tenantEgress,
    metrics,
    audit: {
      ...trail,
      write: event => trail.write(mask.value(event)),
    },
    mask,
    changeTenants({ egressLimits: limits = new Map(), tenants: labelled = [] }) {
      tenantEgress.changeTo(limits);
      refusals.relabel(createTenantLabel(labelled));
    },
    async [Symbol.asyncDispose]() {
      await store?.[Symbol.asyncDispose]();
      await trail[Symbol.asyncDispose]();
    },
  };
}
