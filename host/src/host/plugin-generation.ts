import { awaitRoom } from '../capability/audit/await-room.ts';
import type { Facilities } from '../capability/facilities.ts';
import type { Config, PluginConfig } from '../config/config.ts';
import type { HookRunner } from '../contract/hook-call.ts';
import type { PluginMode } from '../contract/hook-policy.ts';
import { canonicalJson } from '../core/canonical-json.ts';
import type { Log } from '../core/log.ts';
import type { PluginUsage } from '../core/plugin-usage.ts';
import type { SecretMask } from '../core/secret-mask.ts';
import { compileConditions, namedTargets } from '../hook/condition.ts';
import { createHookChain } from '../hook/create-hook-chain.ts';
import { FederationChain } from '../hook/federation-chain.ts';
import type { HookChain } from '../hook/hook-chain.ts';
import { type BreakerSettings, PluginHealth, type PluginTrouble } from '../hook/plugin-health.ts';
import { createPolicy } from '../hook/policy.ts';
import type { ReceiptRecorder } from '../hook/record/receipt-log.ts';
import { ShadowCalls } from '../hook/shadow-calls.ts';
import { createShadowRecorder } from '../hook/shadow-recorder.ts';
import { PluginCalls } from '../identity/plugin/plugin-calls.ts';
import type { Learner } from '../plugin/learned-grants.ts';
import type { Plugin } from '../plugin/plugin.ts';
import type { PluginRunner, PluginRuntime } from '../runtime/runtime.ts';
import type { ReadyThreads } from '../runtime/wasm/pool/ready-threads.ts';
import type { FederationPlugins } from './federation-list-check.ts';
import { summaryOf } from './load-all.ts';

/** Wraps the runner that every hook call passes, between the chains and the lanes. */
export type Watch = (runner: HookRunner) => HookRunner;

/** What the plugins of a generation need. */
export interface PluginContext {
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
  /** Why it is not called: `mode`, or the cause of a failure. */
  readonly cause?: string;
  /** Calls in shadow that were not made. */
  readonly shadow_dropped?: number;
}

type BindingConfig = Config['bindings'][number];

/** A plugin that is called, with what the operator decided about it. */
type CalledPlugin = Plugin &
  Pick<PluginConfig, 'priority' | 'conditions'> & {
    readonly isInBand: boolean;
    readonly mode: Exclude<PluginMode, 'disabled'>;
    readonly onError: PluginConfig['on_error'];
    readonly health: PluginHealth;
  };

export interface PluginGenerationOptions {
  readonly entries: readonly PluginConfig[];
  readonly plugins: readonly Plugin[];
  /** Threads in which lanes start. */
  readonly threads?: ReadyThreads | undefined;
  /** The plugins so far. Unchanged plugins keep their lanes and their health. */
  readonly before?: PluginGeneration | undefined;
}

/**
 * Starts lanes for these plugins.
 * @throws Faults: every plugin that does not start, and then no lane is left running that was not running before
 */
export async function openPlugins(
  { entries, plugins, threads, before }: PluginGenerationOptions,
  context: PluginContext,
): Promise<PluginGeneration> {
  const { limits, runtime, facilities, learner, log } = context;
  const known = new Set(before?.plugins);
  for (const plugin of plugins.filter(each => !known.has(each))) {
    const { id, digest, prepared } = plugin;
    log.info(summaryOf(plugin), 'plugin verified');
    if (prepared.grant.learning) await learner.begin(id, digest, [...prepared.grant.denied]);
  }
  const { lanes, backlog } = limits;
  const prepared = plugins.map(plugin => plugin.prepared);
  const lanesOfPlugins = await runtime.open(prepared, facilities, { lanes, backlog, threads, from: before?.lanes });
  return new PluginGeneration({ entries, plugins, lanes: lanesOfPlugins, before }, context);
}

interface OpenedPlugins extends Omit<PluginGenerationOptions, 'threads'> {
  readonly lanes: PluginRunner;
}

/** The chain of a binding, and everything that it was made of but its lanes, as text. */
interface KnownChain {
  readonly key: string;
  readonly chain: HookChain;
}

/** The plugins of one generation in lanes, and the chains that call them. Disposing ends the lanes that no other has. */
export class PluginGeneration implements AsyncDisposable {
  readonly plugins: readonly Plugin[];
  readonly lanes: PluginRunner;
  /** Calls the plugins that authenticate callers. */
  readonly identity: PluginCalls;
  readonly #entries: readonly PluginConfig[];
  readonly #context: PluginContext;
  readonly #runner: HookRunner;
  readonly #called: readonly CalledPlugin[];
  readonly #shadows: ShadowCalls;
  readonly #chains = new Map<string, KnownChain>();
  /** The chains of the plugins before, whose calls go to the same lanes. */
  readonly #earlierChains: ReadonlyMap<string, KnownChain>;

  constructor({ entries, plugins, lanes, before }: OpenedPlugins, context: PluginContext) {
    const { facilities, watch = (runner: HookRunner) => runner, recorder, log } = context;
    this.plugins = plugins;
    this.lanes = lanes;
    this.#entries = entries;
    this.#context = context;
    const takesOver = before?.lanes === lanes ? before : undefined;
    this.#runner = takesOver === undefined ? watch(awaitRoom(facilities.audit, lanes)) : takesOver.#runner;
    this.#shadows =
      takesOver === undefined ? new ShadowCalls(createShadowRecorder(facilities.metrics, log)) : takesOver.#shadows;
    this.#earlierChains = takesOver === undefined ? new Map() : takesOver.#chains;
    this.#called = this.#calledPlugins(lanes.unchangedFrom(before?.lanes), before);
    this.identity = new PluginCalls({
      plugins: this.#called.filter(({ kind }) => kind === 'identity'),
      ...{ runner: this.#runner, log, recorder },
    });
  }

  /** Must be called when requests begin to use these plugins. */
  use(): void {
    for (const { id, health } of this.#called) {
      const entry = this.#entries.find(each => each.id === id);
      if (entry !== undefined) health.changeTo(breakerOf(entry, this.#context.facilities));
    }
  }

  /** Returns the chain of a binding: that of the plugins before if it would be the same. */
  chainOf(binding: BindingConfig): HookChain {
    const known = this.#chains.get(binding.id);
    if (known !== undefined) return known.chain;
    const key = this.#keyOf(binding);
    const earlier = this.#earlierChains.get(binding.id);
    const chain = earlier?.key === key ? earlier.chain : this.#createChain(binding);
    this.#chains.set(binding.id, { key, chain });
    return chain;
  }

  /** Returns the health of a plugin; undefined if it is never called. */
  healthOf(id: string): PluginHealth | undefined {
    return this.#called.find(each => each.id === id)?.health;
  }

  /** Asks the plugins with these ids about upstreams. */
  federationOf(ids: readonly string[]): FederationPlugins {
    const { log, mask, recorder } = this.#context;
    const chosen = ids.flatMap(id => this.#called.find(plugin => plugin.id === id) ?? []);
    const withTests = chosen.map(plugin => ({ ...plugin, matches: compileConditions(plugin.conditions, '') }));
    const plugins = withTests.flatMap(({ matches, ...each }) => (matches === 'never' ? [] : [{ ...each, matches }]));
    const settings = ids.map(id => [
      this.#entries.find(entry => entry.id === id),
      this.plugins.find(each => each.id === id)?.digest,
    ]);
    return {
      chain: new FederationChain({ plugins, runner: this.#runner, log, mask, shadows: this.#shadows, recorder }),
      decider: JSON.stringify(settings),
    };
  }

  /** Calls a plugin again that its breaker or its `on_error` held back. */
  resetHealth(id: string): void {
    this.healthOf(id)?.reset();
  }

  usage(): ReadonlyMap<string, PluginUsage> {
    return this.lanes.usage();
  }

  /** Describes the plugins and their state, for the operator. */
  reports(): readonly PluginReport[] {
    return this.plugins.flatMap(plugin => {
      const entry = this.#entries.find(({ id }) => id === plugin.id);
      return entry === undefined ? [] : [reportOf(plugin, entry, this.healthOf(plugin.id))];
    });
  }

  [Symbol.asyncDispose](): PromiseLike<void> {
    return this.lanes[Symbol.asyncDispose]();
  }

  #calledPlugins(unchanged: ReadonlySet<string>, before: PluginGeneration | undefined): readonly CalledPlugin[] {
    const { settings, log, facilities } = this.#context;
    return this.plugins.flatMap(plugin => {
      const entry = this.#entries.find(({ id }) => id === plugin.id);
      if (entry === undefined) return [];
      const { id, priority, mode, conditions, on_error: onError } = entry;
      if (mode === 'disabled') return [];
      const known = unchanged.has(id) ? before?.healthOf(id) : undefined;
      const health = known ?? new PluginHealth(id, log, breakerOf(entry, facilities));
      const isInBand = settings.parallel_execution_within_band && entry.isPriorityStated === true;
      return [{ ...plugin, priority, isInBand, mode, conditions, onError, health }];
    });
  }

  #keyOf({ id, transforms, policies }: BindingConfig): string {
    const named = [...transforms, ...policies].map(name => this.#called.find(plugin => plugin.id === name));
    const settings = named.map(plugin => {
      if (plugin === undefined) return null;
      const { prepared: _, health: _health, hooks, ...others } = plugin;
      return { ...others, hooks: [...hooks].toSorted() };
    });
    return canonicalJson({ id, transforms, policies, settings });
  }

  #createChain({ id: binding, transforms, policies }: BindingConfig): HookChain {
    const { log, mask, recorder } = this.#context;
    const runner = this.#runner;
    const named = transforms.flatMap(name => {
      const plugin = this.#called.find(({ id }) => id === name);
      if (plugin === undefined) return [];
      const matches = compileConditions(plugin.conditions, binding);
      return matches === 'never' ? [] : [{ ...plugin, matches, named: namedTargets(plugin.conditions, binding) }];
    });
    // A policy that is not loaded denies, so it keeps its place.
    const deciding = policies.map(id => this.#called.find(plugin => plugin.id === id) ?? { id });
    const policy = deciding.length === 0 ? undefined : createPolicy({ plugins: deciding, runner, log, mask, recorder });
    return createHookChain({ plugins: named, runner, log, mask, shadows: this.#shadows, recorder, policy });
  }
}

/** Returns the settings of a breaker, with what counts how often it opens. */
function breakerOf(
  { id: plugin, breaker: { failures, open_ms: openMs } }: PluginConfig,
  { metrics }: Pick<Facilities, 'metrics'>,
): BreakerSettings {
  const name = 'sallyport_plugin_breaker_openings_total';
  metrics.declare(name, {
    type: 'counter',
    help: 'Times that a plugin began to be held back, because it kept failing.',
  });
  const openings = metrics.series(name, { plugin });
  return { failures, openMs, onOpen: () => openings.add(1) };
}

function reportOf(
  { id, version, digest, author, tags, hooks, granted }: Plugin,
  { mode, priority }: PluginConfig,
  health: PluginHealth | undefined,
): PluginReport {
  const trouble = health?.trouble;
  const cause = health === undefined ? 'mode' : trouble?.cause;
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
    ...(cause !== undefined && { cause }),
    ...(mode === 'shadow' && { shadow_dropped: health?.dropped ?? 0 }),
  };
}
