import { awaitRoom } from '../capability/audit/await-room.ts';
import type { Facilities } from '../capability/facilities.ts';
import type { Config, PluginConfig } from '../config/config.ts';
import type { HookRunner } from '../contract/hook-call.ts';
import type { PluginMode } from '../contract/hook-policy.ts';
import type { Log } from '../core/log.ts';
import type { Metrics } from '../core/metrics.ts';
import type { PluginUsage } from '../core/plugin-usage.ts';
import type { SecretMask } from '../core/secret-mask.ts';
import { compileConditions, namedTargets } from '../hook/condition.ts';
import { createHookChain } from '../hook/create-hook-chain.ts';
import { FederationChain } from '../hook/federation-chain.ts';
import type { HookChain } from '../hook/hook-chain.ts';
import { errorSeries } from '../hook/hook-counts.ts';
import { PluginHealth, type PluginTrouble } from '../hook/plugin-health.ts';
import { createPolicy } from '../hook/policy.ts';
import type { ReceiptRecorder } from '../hook/record/receipt-log.ts';
import { ShadowCalls } from '../hook/shadow-calls.ts';
import { createShadowRecorder } from '../hook/shadow-recorder.ts';
import { PluginCalls } from '../identity/plugin/plugin-calls.ts';
import type { Learner } from '../plugin/learned-grants.ts';
import type { Plugin } from '../plugin/plugin.ts';
import type { LanesStatus, PluginRuntime } from '../runtime/runtime.ts';
import type { ReadyThreads } from '../runtime/wasm/pool/ready-threads.ts';
import type { FederationPlugins } from './federation-list-check.ts';
import { summaryOf } from './load-all.ts';

/** Wraps the runner that every hook call passes, between the chains and the lanes. */
export type Watch = (runner: HookRunner) => HookRunner;

/** What generations of one gateway share. */
export interface GenerationContext {
  readonly limits: Config['limits'];
  readonly settings: Config['plugin_settings'];
  readonly runtime: PluginRuntime;
  readonly facilities: Facilities;
  readonly learner: Learner;
  /** Records each hook call, if that is configured. */
  readonly recorder?: ReceiptRecorder | undefined;
  readonly watch?: Watch | undefined;
  readonly log: Log;
  readonly mask: SecretMask;
}

/** A plugin and its state, for the operator. */
export interface PluginReport {
  readonly id: string;
  readonly version: string;
  readonly digest: string;
  readonly author?: string | undefined;
  readonly tags: readonly string[];
  readonly mode: PluginMode;
  readonly priority: number;
  readonly hooks: readonly string[];
  readonly granted: readonly string[];
  /** Whether it is called: not while its breaker holds it back, nor when its mode or its `on_error` disabled it. */
  readonly state: 'active' | PluginTrouble['state'];
  /** Since when it is not called. */
  readonly since?: string;
  /** Calls in shadow that were not made. */
  readonly shadow_dropped?: number;
}

/** One loaded set of plugins in lanes of its own, and the chains that call them. Disposing ends the lanes. */
export interface Generation extends AsyncDisposable {
  readonly plugins: readonly Plugin[];
  /** Creates the chain of a binding. */
  chainOf(binding: Config['bindings'][number]): HookChain;
  /** Calls the plugins that authenticate callers. */
  readonly identity: PluginCalls;
  /** Asks the plugins with these ids about upstreams. */
  federationOf(ids: readonly string[]): FederationPlugins;
  usage(): ReadonlyMap<string, PluginUsage>;
  /** Describes the pools of lanes. */
  lanes(): readonly LanesStatus[];
  /** Describes the plugins and their state, for the operator. */
  reports(): readonly PluginReport[];
  /** Calls a plugin again that its breaker or its `on_error` held back. */
  resetHealth(plugin: string): void;
}

/**
 * Starts lanes for these plugins, in `threads` where they are given.
 * @throws Faults: every plugin that does not start, and then no lane is left running
 */
export async function openGeneration(
  entries: readonly PluginConfig[],
  plugins: readonly Plugin[],
  { limits, settings, runtime, facilities, learner, recorder, watch = runner => runner, log, mask }: GenerationContext,
  threads?: ReadyThreads,
): Promise<Generation> {
  for (const plugin of plugins) log.info(summaryOf(plugin), 'plugin verified');
  for (const { id, digest, prepared } of plugins) {
    if (prepared.grant.learning) await learner.begin(id, digest, [...prepared.grant.denied]);
  }
  const { lanes, backlog } = limits;
  const prepared = plugins.map(plugin => plugin.prepared);
  const running = await runtime.open(prepared, facilities, { lanes, backlog, threads });
  const runner = watch(awaitRoom(facilities.audit, running));
  const hooked = plugins.flatMap(plugin => {
    const entry = entries.find(({ id }) => id === plugin.id);
    if (entry === undefined) return [];
    const { priority, mode, conditions, on_error: onError, breaker } = entry;
    if (mode === 'disabled') return [];
    const { failures, open_ms: openMs } = breaker;
    errorSeries(facilities.metrics, plugin.id);
    const onOpen = countOpenings(facilities.metrics, plugin.id);
    const health = new PluginHealth(plugin.id, log, { failures, openMs, onOpen });
    const isInBand = settings.parallel_execution_within_band && entry.isPriorityStated === true;
    return [{ ...plugin, priority, isInBand, mode, conditions, onError, health }];
  });
  const shadows = new ShadowCalls(createShadowRecorder(facilities.metrics, log));
  const identity = new PluginCalls({
    plugins: hooked.filter(({ kind }) => kind === 'identity'),
    ...{ runner, log, recorder },
  });
  return {
    plugins,
    identity,
    chainOf({ id: binding, transforms, policies }) {
      const named = transforms.flatMap(name => {
        const plugin = hooked.find(({ id }) => id === name);
        if (plugin === undefined) return [];
        const matches = compileConditions(plugin.conditions, binding);
        return matches === 'never' ? [] : [{ ...plugin, matches, named: namedTargets(plugin.conditions, binding) }];
      });
      // A policy that is not loaded denies, so it keeps its place.
      const deciding = policies.map(id => hooked.find(plugin => plugin.id === id) ?? { id });
      const policy =
        deciding.length === 0 ? undefined : createPolicy({ plugins: deciding, runner, log, mask, recorder });
      return createHookChain({ plugins: named, runner, log, mask, shadows, recorder, policy });
    },
    federationOf(ids) {
      const chosen = ids.flatMap(id => hooked.find(plugin => plugin.id === id) ?? []);
      const withTests = chosen.map(plugin => ({ ...plugin, matches: compileConditions(plugin.conditions, '') }));
      const called = withTests.flatMap(({ matches, ...each }) => (matches === 'never' ? [] : [{ ...each, matches }]));
      const settings = ids.map(id => [
        entries.find(entry => entry.id === id),
        plugins.find(each => each.id === id)?.digest,
      ]);
      return {
        chain: new FederationChain({ plugins: called, runner, log, mask, shadows, recorder }),
        decider: JSON.stringify(settings),
      };
    },
    usage: () => running.usage(),
    lanes: () => running.lanes(),
    reports: () =>
      plugins.flatMap(plugin => {
        const entry = entries.find(({ id }) => id === plugin.id);
        const health = hooked.find(({ id }) => id === plugin.id)?.health;
        return entry === undefined ? [] : [reportOf(plugin, entry, health)];
      }),
    resetHealth: plugin => hooked.find(({ id }) => id === plugin)?.health.reset(),
    [Symbol.asyncDispose]: () => running[Symbol.asyncDispose](),
  };
}

/** Creates the counter of how often the breaker of a plugin opens. */
function countOpenings(metrics: Metrics, plugin: string): () => void {
  const name = 'sallyport_plugin_breaker_openings_total';
  metrics.declare(name, {
    type: 'counter',
    help: 'Times that a plugin began to be held back, because it kept failing.',
  });
  const openings = metrics.series(name, { plugin });
  return () => openings.add(1);
}

function reportOf(
  { id, version, digest, author, tags, hooks, granted }: Plugin,
  { mode, priority }: PluginConfig,
  health: PluginHealth | undefined,
): PluginReport {
  const trouble = health?.trouble;
  return {
    ...{
      id,
      version,
      digest,
      ...(author !== undefined && { author }),
      tags,
      mode,
      priority,
      hooks: [...hooks],
      granted,
    },
    state: health === undefined ? 'disabled' : (trouble?.state ?? 'active'),
    ...(trouble !== undefined && { since: new Date(trouble.since).toISOString() }),
    ...(mode === 'shadow' && { shadow_dropped: health?.dropped ?? 0 }),
  };
}
