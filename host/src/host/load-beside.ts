import type { AuditOptions } from '../capability/audit/audit-trail.ts';
import type { FacilityOptions } from '../capability/open-facilities.ts';
import type { Config } from '../config/config.ts';
import { Faults, toFaults } from '../core/fault.ts';
import type { Log } from '../core/log.ts';
import type { SecretMask } from '../core/secret-mask.ts';
import type { Plugin } from '../plugin/plugin.ts';
import { ledgerOptions } from './ledger-options.ts';

/** Returns what the capabilities of a configuration need. The file for plugin values is opened only if a plugin may use it. */
export function facilityOptions(config: Config, log: Log, mask: SecretMask): FacilityOptions {
  const { kv, secrets, plugins, tenants } = config;
  const usesKv = plugins.some(({ grants }) => typeof grants === 'object' && 'kv_store' in grants);
  const egressLimits = new Map(
    tenants.flatMap(({ id, limits: { egress_requests_per_minute: limit } }) =>
      limit === undefined ? [] : [[id, limit]],
    ),
  );
  const ofTenants = tenants.flatMap(({ id: tenant, secrets: own }) => own.map(each => ({ ...each, tenant })));
  return {
    kv,
    usesKv,
    secrets: [...secrets, ...ofTenants],
    audit: auditOptions(config),
    egressLimits,
    tenants: tenants.map(({ id }) => id),
    log,
    mask,
  };
}

function auditOptions(config: Config): AuditOptions {
  const { file, sink, rotate, when_full, queue } = config.audit;
  const isLedger = file !== undefined || sink === 'stdout';
  return { file, sink, when_full, queue, ledger: isLedger ? ledgerOptions(config, rotate) : undefined };
}

/**
 * Opens what capabilities need while the plugins load.
 * @throws Faults of both, and then nothing is left open
 */
export async function loadBeside<F extends AsyncDisposable>(
  open: () => F | Promise<F>,
  loading: Promise<readonly Plugin[]>,
): Promise<{ readonly facilities: F; readonly plugins: readonly Plugin[] }> {
  const [opened, loaded] = await Promise.allSettled([(async () => open())(), loading]);
  if (opened.status === 'fulfilled' && loaded.status === 'fulfilled') {
    return { facilities: opened.value, plugins: loaded.value };
  }
  if (opened.status === 'fulfilled') await opened.value[Symbol.asyncDispose]();
  throw new Faults([opened, loaded].flatMap(each => (each.status === 'rejected' ? toFaults(each.reason) : [])));
}
