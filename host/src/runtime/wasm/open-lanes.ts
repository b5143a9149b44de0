import { availableParallelism } from 'node:os';
import type { Capability } from '../../capability/capability.ts';
import type { Facilities } from '../../capability/facilities.ts';
import type { CallReport, ChainInput, ChainOutput } from '../../contract/hook-call.ts';
import type { Cancellation } from '../../core/canceller.ts';
import { type Fault, Faults, toFaults } from '../../core/fault.ts';
import type { Log } from '../../core/log.ts';
import type { PluginUsage } from '../../core/plugin-usage.ts';
import { composeRuns } from '../compose-runs.ts';
import type { LanesStatus, PluginRunner, RunnerOptions } from '../runtime.ts';
import { keyOf, LaneSet, planLanes } from './lane-set.ts';
import { type PluginCapabilities, showCaller } from './plugin-capabilities.ts';
import { type Refused, startFault } from './pool/lane-handle.ts';
import { UsageAccounts } from './pool/usage-account.ts';
import type { WasmPlugin } from './wasm-plugin.ts';

const defaultBacklog = 4096;

interface LanesOptions extends RunnerOptions {
  readonly capabilities: readonly Capability[];
  readonly facilities: Facilities;
  readonly log: Log;
  readonly refused?: Refused | undefined;
}

/**
 * Starts the lanes of these plugins, or takes them over from a runner that has the same ones.
 * @throws Faults of every plugin that does not start; then no lane is left running that was not running before
 */
export async function openLanes(plugins: readonly WasmPlugin[], options: LanesOptions): Promise<PluginRunner> {
  const { backlog = defaultBacklog, lanes = availableParallelism(), threads, from, ...others } = options;
  const { facilities } = others;
  // Without the runner so far: lanes keep what they get, and would keep it and all before it.
  const context = { ...others, backlog };
  const earlier = from instanceof LaneRunner ? from : undefined;
  const sets: LaneSet[] = [];
  const started: LaneSet[] = [];
  const faults: Fault[] = [];
  for (const plan of planLanes(plugins, lanes)) {
    const known = earlier?.setWith(keyOf(plan, context));
    try {
      const set = known?.hold() ?? new LaneSet(plan, context);
      sets.push(set);
      if (known === undefined) started.push(set);
    } catch (error) {
      faults.push(...toFaults(error));
    }
  }
  const runner = new LaneRunner(sets, facilities);
  if (started.length === 0 && faults.length === 0 && earlier?.hasOnly(sets)) {
    await runner[Symbol.asyncDispose]();
    return earlier.hold();
  }
  try {
    if (faults.length === 0) {
      await facilities.opened();
      const starts = await Promise.allSettled(started.map(set => set.start(threads)));
      faults.push(...starts.flatMap(each => (each.status === 'rejected' ? toFaults(each.reason) : [])));
    }
    if (faults.length === 0) faults.push(...(await runner.tryTenants(started.flatMap(({ plan }) => plan.plugins))));
  } catch (error) {
    faults.push(...toFaults(error));
  }
  if (faults.length === 0) return runner;
  await runner[Symbol.asyncDispose]();
  throw new Faults(faults);
}

/** Runs hook calls in sets of lanes, and adds up what they use. */
class LaneRunner implements PluginRunner {
  readonly #sets: readonly LaneSet[];
  readonly #capabilities: ReadonlyMap<string, PluginCapabilities>;
  readonly #seesCaller: boolean;
  readonly #accounts: UsageAccounts;
  readonly #run: PluginRunner['run'];
  #holders = 1;

  constructor(sets: readonly LaneSet[], { metrics }: Pick<Facilities, 'metrics'>) {
    const setOf = new Map(sets.flatMap(set => set.plan.plugins.map(({ id }) => [id, set] as const)));
    this.#sets = sets;
    this.#capabilities = new Map(sets.flatMap(({ capabilities }) => [...capabilities]));
    this.#seesCaller = [...this.#capabilities.values()].some(({ seesCaller }) => seesCaller);
    this.#accounts = new UsageAccounts(metrics, [...setOf.keys()]);
    this.#run = composeRuns(plugin => setOf.get(plugin));
  }

  /** Returns the set of lanes with this key. */
  setWith(key: string | undefined): LaneSet | undefined {
    return key === undefined ? undefined : this.#sets.find(set => set.key === key);
  }

  /** Whether it has these sets of lanes and no others. */
  hasOnly(sets: readonly LaneSet[]): boolean {
    return sets.length === this.#sets.length && sets.every(set => this.#sets.includes(set));
  }

  /** Must be called for each further disposal. */
  hold(): this {
    this.#holders += 1;
    return this;
  }

  unchangedFrom(other: PluginRunner | undefined): ReadonlySet<string> {
    const theirs = new Map(other instanceof LaneRunner ? other.#sets.flatMap(set => [...set.pluginKeys]) : []);
    const own = this.#sets.flatMap(({ pluginKeys }) => [...pluginKeys]);
    return new Set(own.flatMap(([id, key]) => (key !== undefined && theirs.get(id) === key ? [id] : [])));
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
    return this.#sets.flatMap(({ status }) => status ?? []);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#holders -= 1;
    if (this.#holders > 0) return;
    await Promise.all(this.#sets.map(set => set.release()));
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
