import type { LanePlugin } from './message.ts';

/**
 * Returns the owner of the instances that may serve a call: a tenant, or the empty text for all that share them. A tenant
 * without a name owns its instances too, and `=` keeps it apart from calls without a tenant.
 */
export const ownerOf = (
  { isolation, tenantConfigs }: Pick<LanePlugin, 'isolation' | 'tenantConfigs'>,
  tenant: string | undefined,
): string => (tenant !== undefined && (isolation === 'tenant' || tenantConfigs.has(tenant)) ? `=${tenant}` : '');

/** Returns the configuration of the instances that serve a tenant, as JSON text. */
export const configOf = (
  { config, tenantConfigs }: Pick<LanePlugin, 'config' | 'tenantConfigs'>,
  tenant: string | undefined,
): string => (tenant === undefined ? config : (tenantConfigs.get(tenant) ?? config));
