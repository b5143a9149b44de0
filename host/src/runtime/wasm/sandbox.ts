import { availableParallelism } from 'node:os';
import type { Capability } from '../../capability/capability.ts';
import type { Facilities } from '../../capability/facilities.ts';
import type { Grant } from '../../capability/grant.ts';
import type { VerifiedArtifact } from '../../contract/artifact.ts';
import type { HookRunner } from '../../contract/hook-call.ts';
import { Faults, toFaults } from '../../core/fault.ts';
import type { Log } from '../../core/log.ts';
import type { PluginUsage } from '../../core/plugin-usage.ts';
import { composeRuns } from '../compose-runs.ts';
import type { PluginLimits } from '../limits.ts';
import { compile } from './compile/compile.ts';
import { CompileCache } from './compile/compile-cache.ts';
import type { Component } from './compile/component.ts';
import { type InspectedComponent, inspect } from './compile/inspect.ts';
import type { Isolation, LanePlugin } from './lane/message.ts';
import { DedicatedLane } from './pool/dedicated-lane.ts';
import type { PoolOptions, Refused } from './pool/lane-handle.ts';
import type { ReadyThreads } from './pool/ready-threads.ts';
import { SharedLanes } from './pool/shared-lanes.ts';
import { UsageAccounts } from './pool/usage-account.ts';
import { servingsOf, showCaller } from './serving.ts';

/** A compiled plugin with all that lanes must know of it. */
export interface SandboxPlugin {
  readonly id: string;
  readonly component: Component;
  readonly grant: Grant;
  /** The operator's `config`; must be JSON. */
  readonly config: unknown;
  readonly limits: PluginLimits;
  /** `pooled` unless stated. */
  readonly isolation?: Isolation;
}

/** The only way from bytes to running guests. */
export interface Sandbox {
  /** Real imports and exports, read from the bytes after extent and names were checked. @throws Fault `name_forbidden`, `component_*`, `feature_forbidden` */
  inspect(artifact: VerifiedArtifact): InspectedComponent;
  /** @throws Fault `compile_failed`, `compile_timeout`, `memory_over_limit`, and the signal's reason */
  compile(
    component: InspectedComponent,
    limits: PluginLimits,
    isolation?: Isolation,
    signal?: AbortSignal,
  ): Promise<Component>;
  /** Opens what the capabilities of these plugins need before lanes start, and closes it. @throws Faults */
  check(plugins: readonly SandboxPlugin[], facilities: Facilities): Promise<void>;
  /** Starts lanes for these plugins; `facilities` are those of their capabilities. @throws Faults: every plugin that does not start, and then none is left running */
  open(plugins: readonly SandboxPlugin[], facilities: Facilities, sizes?: LaneSizes): Promise<SandboxRunner>;
}

/** The lanes of all plugins. Disposing ends them. */
export interface SandboxRunner extends HookRunner, AsyncDisposable {
  /** What each plugin has used, by id. */
  usage(): ReadonlyMap<string, PluginUsage>;
}

/** How many lanes there are for pure plugins, and how many chains may wait for each pool. */
export interface LaneSizes {
  readonly lanes?: number;
  readonly backlog?: number;
  /** Threads that lanes are started in, as far as there are any. */
  readonly threads?: ReadyThreads | undefined;
}

const defaultBacklog = 4096;

interface SandboxOptions {
  readonly capabilities: readonly Capability[];
  readonly cacheDir?: string;
  readonly log: Log;
  /** Is told what plugins that are learning were refused. */
  readonly refused?: Refused | undefined;
}

export function createSandbox(on: SandboxOptions): Sandbox {
  const cache = on.cacheDir === undefined ? undefined : new CompileCache(on.cacheDir, on.log);
  return {
    inspect,
    compile: (component, limits, isolation, signal) =>
      compile(component, {
        ...{ capabilities: on.capabilities, limits, cache, keepBytes: isolation === 'process', signal, log: on.log },
      }),
    async check(plugins, facilities) {
      for (const serving of servingsOf(plugins, { ...on, facilities }).values()) await serving.close();
    },
    open: (plugins, facilities, sizes = {}) => openLanes(plugins, sizes, { ...on, facilities }),
  };
}

async function openLanes(
  plugins: readonly SandboxPlugin[],
  { lanes: count = availableParallelism(), backlog = defaultBacklog, threads }: LaneSizes,
  on: SandboxOptions & { readonly facilities: Facilities },
): Promise<SandboxRunner> {
  const { log, refused } = on;
  const accounts = new UsageAccounts(
    on.facilities.metrics,
    plugins.map(({ id }) => id),
  );
  const servings = servingsOf(plugins, on);
  const pool: PoolOptions = {
    ...{ backlog, log, refused, accounts },
    deliverNote: (note, call) => servings.get(note.plugin)?.hear(note, call),
  };
  const needsOwnLane = ({ component, isolation }: SandboxPlugin) => component.asynchronous || isolation === 'process';
  const shared = plugins.filter(plugin => !needsOwnLane(plugin)).map(lanePlugin);
  const poolOf = new Map<string, HookRunner>();
  const pools: AsyncDisposable[] = [];
  const keep = (ids: readonly string[], started: HookRunner & AsyncDisposable) => {
    pools.push(started);
    for (const id of ids) poolOf.set(id, started);
  };
  const startShared = async () =>
    keep(
      shared.map(({ id }) => id),
      await SharedLanes.start(shared, { ...pool, count, threads }),
    );
  const startDedicated = async (plugin: SandboxPlugin) => {
    const serves = servings.get(plugin.id)?.serves ?? new Map();
    keep([plugin.id], await DedicatedLane.start(lanePlugin(plugin), serves, pool));
  };
  const started = await Promise.allSettled([
    ...(shared.length > 0 ? [startShared()] : []),
    ...plugins.filter(needsOwnLane).map(startDedicated),
  ]);
  const faults = started.flatMap(each => (each.status === 'rejected' ? toFaults(each.reason) : []));
  const close = async () => {
    await Promise.all(pools.map(pool => pool[Symbol.asyncDispose]()));
    for (const serving of servings.values()) await serving.close();
  };
  if (faults.length > 0) {
    await close();
    throw new Faults(faults);
  }
  const run = composeRuns(id => poolOf.get(id));
  return {
    async run(input, signal) {
      const output = await run(showCaller(input, servings), signal);
      accounts.addCalls(output.reports);
      return output;
    },
    usage: () => accounts.all(),
    [Symbol.asyncDispose]: close,
  };
}

const lanePlugin = ({ id, component, config, grant, limits, isolation = 'pooled' }: SandboxPlugin): LanePlugin => ({
  id,
  component,
  config: JSON.stringify(config),
  granted: grant.granted,
  denied: grant.denied,
  limits,
  isolation,
  learning: grant.learning,
});
