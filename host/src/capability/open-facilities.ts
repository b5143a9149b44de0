import { Faults, toFaults } from '../core/fault.ts';
import type { Log } from '../core/log.ts';
import { Metrics } from '../core/metrics.ts';
import { SecretMask } from '../core/secret-mask.ts';
import type { KvStore } from '../state/kv.ts';
import { createMemoryKv } from '../state/memory/kv.ts';
import { openSqliteKv } from '../state/sqlite/kv.ts';
import { type AuditTrail, openAuditTrail } from './audit/audit-trail.ts';
import type { Facilities } from './facilities.ts';
import { refusalsMetric } from './refusal.ts';
import { openSecrets, type SecretPlace, type Secrets } from './secret-store/secrets.ts';
import { tryAt } from './try-at.ts';

export interface FacilityOptions {
  readonly kv: { readonly store: 'memory' } | { readonly store: 'sqlite'; readonly path: string };
  /** Whether the store of values is opened at once, its problem reported with the others, and not when it is first used. */
  readonly usesKv?: boolean;
  readonly secrets: readonly SecretPlace[];
  readonly audit: { readonly file?: string | undefined };
  readonly log: Log;
  /** Takes the values of secrets. One of its own unless stated. */
  readonly mask?: SecretMask;
}

/**
 * Opens what the capabilities of all plugins share; the store of values only once it is used.
 * @throws Faults of `secret_unavailable`, `kv_unusable`, `audit_unusable`: all that cannot be opened
 */
export function openFacilities(options: FacilityOptions): Facilities & AsyncDisposable {
  const { kv, audit, log } = options;
  return facilitiesWith(options, {
    store: () => (kv.store === 'memory' ? createMemoryKv() : openSqliteKv(kv.path)),
    trail: () => openAuditTrail(audit.file, log),
  });
}

/**
 * The same, without a file that is written to: whether they could be is tried, and nothing is left behind.
 * @throws Faults as openFacilities does
 */
export function tryFacilities(options: FacilityOptions): Facilities & AsyncDisposable {
  const { kv, audit, log } = options;
  return facilitiesWith(options, {
    store() {
      if (kv.store === 'sqlite')
        tryAt(kv.path, { makesFolders: true }, path => void openSqliteKv(path)[Symbol.asyncDispose]());
      return createMemoryKv();
    },
    trail() {
      const { file } = audit;
      if (file !== undefined) tryAt(file, { makesFolders: false }, path => openAuditTrail(path, log)[Symbol.dispose]());
      return openAuditTrail(undefined, log);
    },
  });
}

interface Openers {
  store(): KvStore;
  trail(): AuditTrail;
}

function facilitiesWith(
  { usesKv = false, secrets, mask = new SecretMask() }: FacilityOptions,
  open: Openers,
): Facilities & AsyncDisposable {
  const metrics = new Metrics();
  metrics.declare(refusalsMetric, {
    type: 'counter',
    help: 'Refused uses of a capability, by plugin, capability and reason.',
  });
  const faults: Faults[] = [];
  const attempt = <T>(work: () => T): T | undefined => {
    try {
      return work();
    } catch (error) {
      faults.push(new Faults(toFaults(error)));
      return undefined;
    }
  };
  const known: Secrets | undefined = attempt(() => openSecrets(secrets, mask));
  const trail = attempt(open.trail);
  let store = usesKv ? attempt(open.store) : undefined;
  if (known === undefined || trail === undefined || faults.length > 0) {
    trail?.[Symbol.dispose]();
    void store?.[Symbol.asyncDispose]();
    throw new Faults(faults.flatMap(each => each.faults));
  }
  return {
    kv() {
      store ??= open.store();
      return store;
    },
    secrets: known,
    metrics,
    audit: {
      write: event => trail.write(mask.value(event)),
      reopen: () => trail.reopen(),
      [Symbol.dispose]: () => trail[Symbol.dispose](),
    },
    mask,
    async [Symbol.asyncDispose]() {
      await store?.[Symbol.asyncDispose]();
      trail[Symbol.dispose]();
    },
  };
}
