import { laneSides } from '../../../capability/lane-registry.ts';
import type { ChainInput, ChainOutput, HookRunner } from '../../../contract/hook-call.ts';
import type { Cancellation } from '../../../core/canceller.ts';
import { Fault, Faults, fail } from '../../../core/fault.ts';
import { type CallScope, ChainScope } from '../lane/call-scope.ts';
import { type ChainContext, runChain } from '../lane/chain.ts';
import { failureOf } from '../lane/failure.ts';
import type { ToGateway } from '../lane/guest-imports.ts';
import { HostCalls } from '../lane/host-calls.ts';
import { InstancePool } from '../lane/instance-pool.ts';
import type { LanePlugin, PooledPlugin, StartFailure } from '../lane/message.ts';
import { startingJob } from '../lane/shared-memory.ts';
import { checkOutput } from '../pool/check-output.ts';
import { deliverRecords, startCall } from '../pool/deliver-records.ts';
import { type PoolOptions, startFault } from '../pool/lane-handle.ts';
import { InlineInstance } from './inline-instance.ts';
import { requireSynchronousGlue } from './synchronous-glue.ts';

/** The number of this thread among those that share memory. Lanes have larger ones. */
export const gatewayThread = 1;

/**
 * Runs plugins on the gateway's thread. A call returns when its chain is done, without a hop, and holds up everything
 * else for as long as its fuel lasts: no clock ends it. Outcomes, records and reports are those of a lane, and are
 * checked like them.
 */
export class InlinePlugins implements HookRunner, AsyncDisposable {
  readonly #options: PoolOptions;
  readonly #instances: InstancePool;
  readonly #startInstance: (plugin: LanePlugin, scope: CallScope) => InlineInstance;
  readonly #context: ChainContext;
  #jobs = 0;
  #closed = false;

  private constructor(plugins: readonly LanePlugin[], options: PoolOptions) {
    this.#options = options;
    const refusals = new HostCalls(message => {
      if (message.type === 'refused') options.refused?.(message.plugin, message.capability, message.need);
    }, undefined);
    const gateway: ToGateway = {
      cpuMs: () => 0,
      ask: () => fail('inline_waits'),
      askNow: () => fail('inline_waits'),
      number: gatewayThread,
      refused: (plugin, capability, need) => refusals.refused(plugin, capability, need),
    };
    this.#startInstance = (plugin, scope) => InlineInstance.start(plugin, scope, gateway);
    this.#instances = new InstancePool(this.#startInstance);
    this.#context = {
      plugins: new Map(plugins.map(plugin => [plugin.id, plugin])),
      instances: this.#instances,
      cpuMs: () => undefined,
      enter: nothing,
      leave: nothing,
    };
  }

  /**
   * Starts an instance of each plugin.
   * @throws Faults of `inline_waits`, `plugin_refused_config`, `plugin_start_failed`
   */
  static start(pooled: readonly PooledPlugin[], options: PoolOptions): InlinePlugins {
    const plugins = pooled.map(plugin => ({ ...plugin, lent: options.lend(plugin.id, gatewayThread) }));
    const waiting = plugins.flatMap(waitingFault);
    if (waiting.length > 0) throw new Faults(waiting);
    const inline = new InlinePlugins(plugins, options);
    const failures = plugins.flatMap(plugin => inline.#start(plugin) ?? []);
    if (failures.length > 0) throw new Faults(failures.map(startFault));
    return inline;
  }

  async run(input: ChainInput, signal?: Cancellation): Promise<ChainOutput> {
    if (this.#closed) return fail('lanes_closed');
    signal?.throwIfAborted();
    this.#jobs += 1;
    const scope = new ChainScope(this.#jobs, nothing, input);
    const chain = runChain(input, scope, this.#context);
    let step = chain.next();
    while (step.done !== true) step = chain.next(step.value);
    this.#reportMemory();
    if (step.value.reports.some(({ outcome }) => outcome === 'failed')) this.#options.settle(gatewayThread);
    const records = scope.takeRecords();
    if (records !== undefined) {
      const { context, upstreamRequest } = input;
      const call = upstreamRequest === undefined ? context : { ...context, upstreamRequest };
      deliverRecords(records, call, this.#options);
    }
    return checkOutput(step.value, input);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    this.#options.accounts.ended(this);
  }

  #start(plugin: LanePlugin): StartFailure | undefined {
    const scope = new ChainScope(startingJob, nothing);
    const open = scope.open(plugin);
    try {
      requireSynchronousGlue(plugin.component.glue);
      this.#instances.keepFirst(plugin, this.#startInstance(plugin, open));
      return undefined;
    } catch (thrown) {
      const { cause, message, declared } = failureOf(thrown);
      return { plugin: plugin.id, cause: declared ? 'refused' : cause, message };
    } finally {
      open.close();
      this.#reportMemory();
      const records = scope.takeRecords();
      if (records !== undefined) deliverRecords(records, startCall, this.#options);
    }
  }

  #reportMemory(): void {
    const uses = this.#instances.changedMemory();
    if (uses !== undefined) this.#options.accounts.memory(this, uses);
  }
}

/**
 * Returns a fault for a plugin that would wait on this thread, as for values of kv_store on disk.
 * @param plugin with what this thread was lent for it
 */
export function waitingFault({ id: plugin, granted, lent }: Pick<LanePlugin, 'id' | 'granted' | 'lent'>): Fault[] {
  const capabilities = laneSides
    .filter(
      ({ name, blockingImports }) => blockingImports !== undefined && granted.has(name) && lent.get(name) === undefined,
    )
    .map(({ name }) => name);
  const hint = capabilities.includes('kv_store')
    ? 'an inline plugin uses kv_store in memory only: set kv: { store: memory }, or choose another isolation'
    : 'choose another isolation';
  return capabilities.length === 0 ? [] : [new Fault('inline_waits', { plugin, capabilities, hint })];
}

const nothing = () => {};
