import type { Capability } from '../../capability/capability.ts';
import type { Facilities } from '../../capability/facilities.ts';
import type { ChainInput, ChainOutput, HookRunner } from '../../contract/hook-call.ts';
import type { Cancellation } from '../../core/canceller.ts';
import { canonicalJson } from '../../core/canonical-json.ts';
import type { Log } from '../../core/log.ts';
import type { Labels, Metrics } from '../../core/metrics.ts';
import type { LanesStatus } from '../runtime.ts';
import { InlinePlugins } from './inline/inline-plugins.ts';
import { openCapabilities, type PluginCapabilities } from './plugin-capabilities.ts';
import { DedicatedLane } from './pool/dedicated-lane.ts';
import type { PoolOptions, Refused } from './pool/lane-handle.ts';
import type { Pool } from './pool/pool-status.ts';
import type { ReadyThreads } from './pool/ready-threads.ts';
import { SharedLanes } from './pool/shared-lanes.ts';
import { UsageAccounts } from './pool/usage-account.ts';
import { isInline, needsOwnLane, pooledPlugin, type WasmPlugin } from './wasm-plugin.ts';

const restartsMetric = 'sallyport_lane_restarts_total';

/** Plugins that share lanes, or the gateway's thread, and how many lanes there are. */
export interface LanePlan {
  readonly kind: 'shared' | 'shadow' | 'dedicated' | 'inline';
  readonly plugins: readonly WasmPlugin[];
  /** The number of shared lanes. */
  readonly lanes: number;
}

export interface LaneSetOptions {
  readonly capabilities: readonly Capability[];
  readonly facilities: Facilities;
  readonly backlog: number;
  readonly log: Log;
  readonly refused?: Refused | undefined;
}

/**
 * Divides plugins among lanes: shared ones for those that never wait, and one for each of the others. Plugins in shadow
 * share a lane that no other plugin uses, so that requests never wait for them. Inline plugins have no lane.
 */
export function planLanes(plugins: readonly WasmPlugin[], lanes: number): readonly LanePlan[] {
  const shared = plugins.filter(plugin => !isInline(plugin) && !needsOwnLane(plugin));
  const plans: readonly LanePlan[] = [
    { kind: 'shared', plugins: shared.filter(({ grant }) => !grant.isShadow), lanes },
    { kind: 'shadow', plugins: shared.filter(({ grant }) => grant.isShadow), lanes: 1 },
    ...plugins.filter(needsOwnLane).map((plugin): LanePlan => ({ kind: 'dedicated', plugins: [plugin], lanes: 1 })),
    { kind: 'inline', plugins: plugins.filter(isInline), lanes: 0 },
  ];
  return plans.filter(plan => plan.plugins.length > 0);
}

/**
 * Lanes with the capabilities of their plugins. Several runners may hold the same set, one after the other has taken it
 * over; it closes with the last of them.
 */
export class LaneSet implements HookRunner {
  readonly plan: LanePlan;
  readonly capabilities: ReadonlyMap<string, PluginCapabilities>;
  /** Everything that the lanes were started with, as text; undefined if they cannot be taken over. */
  readonly key: string | undefined;
  /** What each plugin was started with; see `pluginKey`. */
  readonly pluginKeys: ReadonlyMap<string, string | undefined>;
  readonly #pool: PoolOptions;
  readonly #metrics: Metrics;
  readonly #labels: Labels;
  #lanes: (HookRunner & AsyncDisposable) | undefined;
  /** The same, where they are lanes. */
  #pooled: Pool | undefined;
  #holders = 1;

  /** Opens the capabilities, and starts nothing. @throws Faults */
  constructor(plan: LanePlan, options: LaneSetOptions) {
    const { facilities, log, refused, backlog } = options;
    const capabilities = openCapabilities(plan.plugins, options);
    this.plan = plan;
    this.key = keyOf(plan, options);
    this.pluginKeys = new Map(plan.plugins.map(plugin => [plugin.id, pluginKey(plugin, options)]));
    this.capabilities = capabilities;
    this.#metrics = facilities.metrics;
    this.#metrics.declare(restartsMetric, {
      type: 'counter',
      help: 'Lanes that ended, and in whose place another was started.',
    });
    this.#labels = { pool: plan.kind, plugin: plan.kind === 'dedicated' ? (plan.plugins[0]?.id ?? '') : '' };
    this.#pool = {
      ...{ backlog, log, refused },
      accounts: new UsageAccounts(
        facilities.metrics,
        plan.plugins.map(({ id }) => id),
      ),
      serveOf: (plugin, capability) => capabilities.get(plugin)?.serves.get(capability),
      lend: (plugin, thread) => capabilities.get(plugin)?.lendTo(thread) ?? new Map(),
      settle(thread) {
        for (const { lent } of capabilities.values()) for (const loan of lent.values()) loan.settle(thread);
      },
      takeBack(thread) {
        for (const { lent } of capabilities.values()) for (const loan of lent.values()) loan.end(thread);
      },
      deliverNote: (note, call) => capabilities.get(note.plugin)?.deliver(note, call),
    };
  }

  /** Starts the lanes, in `threads` where there are any. @throws Faults of the plugins that do not start */
  async start(threads: ReadyThreads | undefined): Promise<void> {
    const { kind, plugins, lanes: count } = this.plan;
    const pooled = plugins.map(plugin =>
      pooledPlugin(plugin, this.#pool.log, this.capabilities.get(plugin.id)?.tenantsApart ?? []),
    );
    const [first] = pooled;
    if (kind === 'inline') {
      this.#lanes = InlinePlugins.start(pooled, this.#pool);
      return;
    }
    const restarts = this.#metrics.series(restartsMetric, this.#labels);
    const options = { ...this.#pool, onReplace: () => restarts.add(1) };
    this.#pooled =
      kind === 'dedicated' && first !== undefined
        ? await DedicatedLane.start(first, options)
        : await SharedLanes.start(pooled, { ...options, count, threads });
    this.#lanes = this.#pooled;
  }

  /** How busy the lanes are; undefined for inline plugins, which have none. */
  get status(): LanesStatus | undefined {
    const { kind, plugins } = this.plan;
    if (this.#pooled === undefined || kind === 'inline') return undefined;
    return {
      pool: kind,
      ...(kind === 'dedicated' && { plugin: plugins[0]?.id }),
      ...this.#pooled.status,
    };
  }

  run(input: ChainInput, signal?: Cancellation): Promise<ChainOutput> {
    if (this.#lanes === undefined) throw new Error('the lanes were not started');
    return this.#lanes.run(input, signal);
  }

  /** Must be called by each runner that takes the set over. */
  hold(): this {
    this.#holders += 1;
    return this;
  }

  /** Must be called once by each runner that holds the set. */
  async release(): Promise<void> {
    this.#holders -= 1;
    if (this.#holders > 0) return;
    await this.#lanes?.[Symbol.asyncDispose]();
    for (const opened of this.capabilities.values()) await opened.close();
  }
}

type KeyOptions = Pick<LaneSetOptions, 'backlog' | 'capabilities' | 'facilities'>;

/** Returns the key of the lanes that a plan would have; see `LaneSet.key`. */
export function keyOf({ kind, plugins, lanes }: LanePlan, options: KeyOptions): string | undefined {
  const keys = plugins.map(plugin => pluginKey(plugin, options));
  if (keys.includes(undefined)) return undefined;
  return canonicalJson({ kind, lanes, backlog: options.backlog, plugins: keys.toSorted() });
}

/** Returns all that a plugin is started with, as text; undefined if it is not known whether its code is the same. */
function pluginKey(
  { component: _, grant, tenantConfigs, ...plugin }: WasmPlugin,
  { capabilities, facilities: { secrets } }: Omit<KeyOptions, 'backlog'>,
): string | undefined {
  if (plugin.digest === undefined) return undefined;
  const { granted, denied, refusedInShadow } = grant;
  return canonicalJson({
    ...plugin,
    tenantConfigs: [...(tenantConfigs ?? [])],
    grant: { ...grant, granted: [...granted], denied: [...denied], refusedInShadow: [...refusedInShadow] },
    // What was made with a secret is not used on with another value of it, or another place.
    secrets: secrets.fingerprint(capabilities.flatMap(({ name, secretsIn }) => secretsIn?.(granted.get(name)) ?? [])),
  });
}
