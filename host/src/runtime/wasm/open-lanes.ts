import { availableParallelism } from 'node:os';
import type { Capability } from '../../capability/capability.ts';
import type { Facilities } from '../../capability/facilities.ts';
import type { CallReport, ChainInput, ChainOutput, HookRunner } from '../../contract/hook-call.ts';
import type { Cancellation } from '../../core/canceller.ts';
import { type Fault, Faults, toFaults } from '../../core/fault.ts';
import type { Log } from '../../core/log.ts';
import type { Metrics } from '../../core/metrics.ts';
import type { PluginUsage } from '../../core/plugin-usage.ts';
import { composeRuns } from '../compose-runs.ts';
import type { LanesStatus, PluginRunner, RunnerOptions } from '../runtime.ts';
import { InlinePlugins } from './inline/inline-plugins.ts';
import type { PooledPlugin } from './lane/message.ts';
import { openCapabilities, type PluginCapabilities, showCaller } from './plugin-capabilities.ts';
import { DedicatedLane } from './pool/dedicated-lane.ts';
import { type PoolOptions, type Refused, startFault } from './pool/lane-handle.ts';
import type { Pool } from './pool/pool-status.ts';
import { SharedLanes } from './pool/shared-lanes.ts';
import { UsageAccounts } from './pool/usage-account.ts';
import { isInline, needsOwnLane, pooledPlugin, type WasmPlugin } from './wasm-plugin.ts';

const defaultBacklog = 4096;
const restartsMetric = 'sallyport_lane_restarts_total';

interface LanesOptions extends RunnerOptions {
  readonly capabilities: readonly Capability[];
  readonly facilities: Facilities;
  readonly log: Log;
  readonly refused?: Refused | undefined;
}

/**
 * Starts the lanes of these plugins: shared lanes for those that never wait, and one for each of the others. Plugins in
 * shadow share a lane that no other plugin uses, so that requests never wait for them. Inline plugins have no lane.
 * @throws Faults of every plugin that does not start; then no lane is left running
 */
export async function openLanes(plugins: readonly WasmPlugin[], options: LanesOptions): Promise<PluginRunner> {
  const runner = new LaneRunner(plugins, options);
  try {
    await options.facilities.opened();
  } catch (error) {
    await runner[Symbol.asyncDispose]();
    throw error;
  }
  const inline = plugins.filter(isInline);
  const shared = plugins.filter(plugin => !isInline(plugin) && !needsOwnLane(plugin));
  const inShadow = shared.filter(({ grant }) => grant.isShadow);
  const serving = shared.filter(({ grant }) => !grant.isShadow);
  const started = await Promise.allSettled([
    ...(serving.length > 0 ? [runner.startShared(serving, options)] : []),
    ...(inShadow.length > 0 ? [runner.startShared(inShadow, { lanes: 1 }, 'shadow')] : []),
    ...plugins.filter(needsOwnLane).map(plugin => runner.startDedicated(plugin)),
    ...(inline.length > 0 ? [runner.startInline(inline)] : []),
  ]);
  const faults = started.flatMap(each => (each.status === 'rejected' ? toFaults(each.reason) : []));
  if (faults.length === 0) faults.push(...(await runner.tryTenants(plugins)));
  if (faults.length === 0) return runner;
  await runner[Symbol.asyncDispose]();
  throw new Faults(faults);
}

/** Runs hook calls in pools of lanes, and adds up what they use. */
class LaneRunner implements PluginRunner {
  readonly #capabilities: ReadonlyMap<string, PluginCapabilities>;
  readonly #seesCaller: boolean;
  readonly #accounts: UsageAccounts;
  readonly #pool: PoolOptions;
  readonly #metrics: Metrics;
  readonly #pools = new Set<HookRunner & AsyncDisposable>();
  readonly #lanes: (Pick<LanesStatus, 'pool' | 'plugin'> & { readonly of: Pool })[] = [];
  readonly #poolOf = new Map<string, HookRunner>();
  readonly #run = composeRuns(plugin => this.#poolOf.get(plugin));

  constructor(plugins: readonly WasmPlugin[], options: LanesOptions) {
    const { facilities, log, refused, backlog = defaultBacklog } = options;
    const capabilities = openCapabilities(plugins, options);
    const ids = plugins.map(({ id }) => id);
    this.#capabilities = capabilities;
    this.#metrics = facilities.metrics;
    this.#metrics.declare(restartsMetric, {
      type: 'counter',
      help: 'Lanes that ended, and in whose place another was started.',
    });
    this.#seesCaller = [...capabilities.values()].some(({ seesCaller }) => seesCaller);
    this.#accounts = new UsageAccounts(facilities.metrics, ids);
    this.#pool = {
      ...{ backlog, log, refused, accounts: this.#accounts },
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

  async startShared(
    plugins: readonly WasmPlugin[],
    { lanes, threads }: RunnerOptions,
    pool: 'shared' | 'shadow' = 'shared',
  ): Promise<void> {
    const options = { ...this.#optionsOf({ pool }), count: lanes ?? availableParallelism(), threads };
    const of = await SharedLanes.start(this.#pooled(plugins), options);
    this.#lanes.push({ pool, of });
    this.#add(plugins, of);
  }

  async startDedicated(plugin: WasmPlugin): Promise<void> {
    const where = { pool: 'dedicated', plugin: plugin.id } as const;
    for (const pooled of this.#pooled([plugin])) {
      const of = await DedicatedLane.start(pooled, this.#optionsOf(where));
      this.#lanes.push({ ...where, of });
      this.#add([plugin], of);
    }
  }

  async startInline(plugins: readonly WasmPlugin[]): Promise<void> {
    this.#add(plugins, InlinePlugins.start(this.#pooled(plugins), this.#pool));
  }

  /**
   * Starts an instance with each configuration that a tenant has of its own, in one of the lanes. Others start theirs when
   * the tenant first calls. Returns the faults of those that do not start.
   */
  async tryTenants(plugins: readonly WasmPlugin[]): Promise<readonly Fault[]> {
    const tried = plugins.map(async ({ id, tenantConfigs = new Map() }) => {
      const faults: Fault[] = [];
      for (const tenant of tenantConfigs.keys()) {
        const { reports } = await this.#run(configuring(id, tenant));
        faults.push(...reports.flatMap(report => notConfigured(report)?.with({ tenant }) ?? []));
      }
      return faults;
    });
    return (await Promise.all(tried)).flat();
  }

  async run(input: ChainInput, signal?: Cancellation): Promise<ChainOutput> {
    const shown = this.#seesCaller ? showCaller(input, this.#capabilities) : input;
    const output = await this.#run(shown, signal);
    this.#accounts.addCalls(output.reports);
    return output;
  }

  usage(): ReadonlyMap<string, PluginUsage> {
    return this.#accounts.all();
  }

  lanes(): readonly LanesStatus[] {
    return this.#lanes.map(({ pool, plugin, of }) => ({ pool, plugin, ...of.status }));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#pools].map(pool => pool[Symbol.asyncDispose]()));
    for (const opened of this.#capabilities.values()) await opened.close();
  }

  #pooled(plugins: readonly WasmPlugin[]): PooledPlugin[] {
    return plugins.map(plugin => {
      const apart = this.#capabilities.get(plugin.id)?.tenantsApart ?? [];
      return pooledPlugin(plugin, this.#pool.log, apart);
    });
  }

  /** Returns the options of one pool. It counts the lanes that end. */
  #optionsOf({ pool, plugin = '' }: Pick<LanesStatus, 'pool' | 'plugin'>): PoolOptions {
    const restarts = this.#metrics.series(restartsMetric, { pool, plugin });
    return { ...this.#pool, onReplace: () => restarts.add(1) };
  }

  #add(plugins: readonly WasmPlugin[], pool: HookRunner & AsyncDisposable): void {
    this.#pools.add(pool);
    for (const { id } of plugins) this.#poolOf.set(id, pool);
  }
}

const configuring = (plugin: string, tenant: string): ChainInput => ({
  calls: [{ plugin, stopOnBlock: true, stopOnFailure: true }],
  context: { requestId: '', binding: '', upstream: '', tenant },
  stage: 'configure',
  value: { tag: 'tool-call', val: { name: '', arguments: '{}' } },
});

/** Returns the fault of a plugin that did not start with a configuration. */
function notConfigured(report: CallReport): Fault | undefined {
  const { plugin } = report;
  if (report.outcome === 'failed') return startFault(report);
  return report.outcome === 'block'
    ? startFault({ plugin, cause: 'refused', message: report.violation.reason })
    : undefined;
}
