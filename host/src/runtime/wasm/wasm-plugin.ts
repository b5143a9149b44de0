import type { Log } from '../../core/log.ts';
import type { PreparedPlugin } from '../runtime.ts';
import type { Component } from './compile/component.ts';
import type { Isolation, PooledPlugin } from './lane/message.ts';

/** A plugin whose component was compiled. */
export interface WasmPlugin extends PreparedPlugin {
  readonly component: Component;
  /** `pooled` unless stated. */
  readonly isolation?: Isolation;
}

/** Returns whether a plugin runs on the gateway's thread. In shadow it does not, because no request waits for it then. */
export const isInline = ({ isolation, grant }: WasmPlugin): boolean => isolation === 'inline' && !grant.isShadow;

/** Returns whether a plugin cannot share its lane: its calls wait, or it has a process of its own. */
export const needsOwnLane = (plugin: WasmPlugin): boolean =>
  !isInline(plugin) && (plugin.component.asynchronous || plugin.isolation === 'process');

const levels = ['debug', 'info', 'warn', 'error'] as const;

/**
 * Returns the plugin as pools of lanes get it.
 * @param log where their log lines are written
 * @param apart the tenants whose instances serve no other tenant, beside those with a configuration of their own
 */
export const pooledPlugin = (
  { id, component, config, tenantConfigs, grant, limits, isolation = 'pooled' }: WasmPlugin,
  log: Log,
  apart: Iterable<string>,
): PooledPlugin => ({
  id,
  component,
  config: JSON.stringify(config),
  tenantConfigs: new Map([
    ...[...apart].map(tenant => [tenant, JSON.stringify(config)] as const),
    ...[...(tenantConfigs ?? [])].map(([tenant, own]) => [tenant, JSON.stringify(own)] as const),
  ]),
  granted: grant.granted,
  denied: grant.denied,
  limits,
  loggedLevels: levels.filter(level => log.isLevelEnabled(level)),
  isolation,
  learning: grant.learning,
  refusedInShadow: grant.refusedInShadow,
});
