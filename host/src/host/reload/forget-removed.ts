import type { Config } from '../../config/config.ts';
import type { Labels, Metrics } from '../../core/metrics.ts';
import { otherTenants } from '../../core/tenant-label.ts';
import { instanceId } from '../../upstream/instance/create-instances.ts';

/** What series can be about, of a generation that still serves requests. */
export interface Served {
  readonly config: Pick<Config, 'plugins' | 'upstreams' | 'bindings' | 'tenants'>;
}

/** Removes the series of plugins, upstreams, instances, bindings and tenants that none of these generations has. */
export function forgetRemoved(metrics: Metrics, generations: readonly Served[]): void {
  const configs = generations.map(({ config }) => config);
  const upstreams = configs.flatMap(each => each.upstreams);
  const plugins = idsOf(configs.flatMap(each => each.plugins));
  const upstreamIds = idsOf(upstreams);
  const bindings = idsOf(configs.flatMap(each => each.bindings));
  const tenants = new Set([...configs.flatMap(each => each.tenants.map(({ id }) => id)), otherTenants]);
  const instances = new Set(
    upstreams.flatMap(({ id, http }) => (http?.instances ?? []).map(each => instanceKey(id, instanceId(each)))),
  );
  metrics.forget(({ plugin, upstream, binding, tenant, instance }: Labels) => {
    // The further labels of a plugin's series can be its own.
    if (isSet(plugin)) return !plugins.has(plugin);
    if (isSet(binding) && !bindings.has(binding)) return true;
    if (isSet(tenant) && !tenants.has(tenant)) return true;
    if (!isSet(upstream)) return false;
    return !upstreamIds.has(upstream) || (isSet(instance) && !instances.has(instanceKey(upstream, instance)));
  });
}

const idsOf = (entries: readonly { readonly id: string }[]): ReadonlySet<string> =>
  new Set(entries.map(({ id }) => id));

/** Series about no particular plugin or binding have an empty label. */
const isSet = (label: string | undefined): label is string => label !== undefined && label !== '';

const instanceKey = (upstream: string, instance: string): string => `${upstream} ${instance}`;
