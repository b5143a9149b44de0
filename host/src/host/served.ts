import type { Config } from '../config/config.ts';
import type { Gateway, GatewayOptions, ServedBindings } from '../gateway/gateway.ts';
import type { RequestHandlers } from '../gateway/request-handlers.ts';
import type { ServedSettings } from '../http/server.ts';
import { addressIn, type Generation, type SharedParts } from './generation.ts';
import type { Registrant } from './joining-server.ts';

/** Returns what a gateway serves of a generation. */
export function bindingsOf(
  { config, plugins, upstreams, federation: by }: Generation,
  { schemes, facilities: { metrics }, federation, log }: SharedParts,
  handlers: RequestHandlers,
): ConstructorParameters<typeof Gateway>[0] {
  const { identity, limits, tenants } = config;
  const optionalUpstreams = new Set(config.upstreams.filter(each => !each.required).map(each => each.id));
  const bindings: GatewayOptions['bindings'] = config.bindings.map(binding => ({
    id: binding.id,
    isDefault: binding.default,
    upstreams: upstreams.pick(binding.upstreams).map(pool => federation.checked(pool, by)),
    chain: plugins.chainOf(binding),
    unhooked: binding.unhooked,
    allow: binding.allow,
    toolSearch: binding.tool_search,
  }));
  return {
    ...{ bindings, limits, tenants, optionalUpstreams, handlers, metrics, log },
    isIdentityConfigured: identity === undefined ? schemes.length > 0 : identity !== 'none',
  };
}

/** Returns how the bindings of a generation are served over HTTP. */
export function servedSettings(
  { config, accounts, authentication, plugins }: Generation,
  gateway: ServedBindings,
): ServedSettings {
  return {
    ...{ gateway, authentication, limits: config.limits, tls: config.tls, routes: config.routes },
    addressOf: addressIn(config),
    connect: accounts?.connect,
    allowedHosts: [...config.allowed_hosts, ...hostsOf(config.routes)],
    allowedOrigins: config.allowed_origins,
    metricsFor: config.metrics.serve,
    ...(config.plugin_settings.enable_plugin_api && {
      plugins: () =>
        plugins.reports().map(report => {
          const bindings = config.bindings.filter(each => [...each.transforms, ...each.policies].includes(report.id));
          return { ...report, bindings: bindings.map(({ id }) => id) };
        }),
    }),
  };
}

/** Reports the upstreams that joined with a generation to its plugins. It waits for nothing. */
export function reportJoined(
  { joining, upstreams }: Generation,
  { federation }: SharedParts,
  registrant: Registrant,
): void {
  for (const joined of joining) {
    for (const pool of upstreams.pick([joined.entry.id])) federation.registered(joined, pool, registrant);
  }
}

/** Lists the hosts that routes name: requests for them are served. */
const hostsOf = (routes: Config['routes'] = []) => new Set(routes.flatMap(({ host }) => host ?? []));
