import type { Facilities } from '../capability/facilities.ts';
import type { Grant } from '../capability/grant.ts';
import type { HookRunner } from '../contract/hook-call.ts';
import type { PluginUsage } from '../core/plugin-usage.ts';
import type { PluginLimits } from './limits.ts';
import type { ReadyThreads } from './wasm/pool/ready-threads.ts';

/** A plugin that can be run: it was verified and granted its capabilities. Each runtime adds the code that it runs. */
export interface PreparedPlugin {
  readonly id: string;
  /** The digest of its artifact. Lanes of a plugin without one are never taken over. */
  readonly digest?: string | undefined;
  readonly grant: Grant;
  /** The operator's `config`; must be JSON. */
  readonly config: unknown;
  /** The whole configuration for each tenant for which it differs. */
  readonly tenantConfigs?: ReadonlyMap<string, unknown> | undefined;
  readonly limits: PluginLimits;
}

/**
 * A way to run plugins. The host has one runtime, which runs WebAssembly components in lanes (`wasm/`).
 *
 * A runtime is created with the host and keeps no plugins. `open` starts all plugins of a configuration, or none, and
 * the runner that it returns runs their hook calls until it is disposed of.
 */
export interface PluginRuntime<P extends PreparedPlugin = PreparedPlugin> {
  /** Opens the gateway's side of the capabilities of these plugins, and closes it. Starts no plugin. @throws Faults */
  check(plugins: readonly P[], facilities: Facilities): Promise<void>;
  /**
   * Starts these plugins. `facilities` are what their capabilities share.
   * @throws Faults of every plugin that does not start; then no plugin is left running
   */
  open(plugins: readonly P[], facilities: Facilities, options?: RunnerOptions): Promise<PluginRunner>;
}

export interface RunnerOptions {
  /** The number of lanes that plugins share. */
  readonly lanes?: number;
  /** The number of chains that may wait for each pool of lanes. */
  readonly backlog?: number;
  /** Threads that lanes use as far as there are any. */
  readonly threads?: ReadyThreads | undefined;
  /**
   * A runner whose lanes are taken over where nothing that they were started with is different. It stays usable, and lanes
   * that both have end with the last of the two. Where everything is the same, it is returned, to be disposed of once more.
   */
  readonly from?: PluginRunner | undefined;
}

/** A pool of lanes, as it is now. */
export interface LanesStatus {
  readonly pool: 'shared' | 'shadow' | 'dedicated';
  /** The plugin of a dedicated lane; absent where several share lanes. */
  readonly plugin?: string | undefined;
  /** The lanes that serve, without the spare. */
  readonly lanes: number;
  /** The lanes that run a chain. */
  readonly busy: number;
  /** The chains that wait for a lane. */
  readonly waiting: number;
  /** The chains that may wait. */
  readonly backlog: number;
}

/** Plugins that run. Disposing ends them. */
export interface PluginRunner extends HookRunner, AsyncDisposable {
  /** Returns what each plugin has used, by id. */
  usage(): ReadonlyMap<string, PluginUsage>;
  /** Describes its pools of lanes. */
  lanes(): readonly LanesStatus[];
  /** Returns the ids of the plugins that another runner runs with the same code and settings. */
  unchangedFrom(other: PluginRunner | undefined): ReadonlySet<string>;
}
