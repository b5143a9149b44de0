/** The gateway as a library: a configuration in, a gateway out. */

export type { Config, PluginConfig, UpstreamConfig } from '../config/config.ts';
export type { ConfigWarning } from '../config/load-config.ts';
export type { ConfigObject, UpstreamObject } from '../config/schema.ts';
export type { FaultCode } from '../core/codes/index.ts';
export { Fault, type FaultDetails, Faults, toFaults } from '../core/fault.ts';
export { createLog, type Log, silentLog } from '../core/log.ts';
export type { PluginUsage } from '../core/plugin-usage.ts';
export {
  type ChangedRequest,
  type HandledOutcome,
  type HandledRequest,
  type HandledResponse,
  type HandlerTypes,
  refuse,
} from '../gateway/request-handlers.ts';
export { createHost, type Host, type HostOptions, type RegisterOptions } from '../host/create-host.ts';
export { loadConfig } from '../host/load-config.ts';
export type { Watch } from '../host/plugin-generation.ts';
export type { FetchContext, WebFetch } from '../http/web-fetch.ts';
export { createPrincipal, type Principal } from '../identity/principal.ts';
export type { Authenticate } from '../identity/scheme.ts';
export type { Plugin } from '../plugin/plugin.ts';
