import type { HeardCall } from '../../../capability/capability.ts';
import type { ChainInput, ChainOutput, FailureCause, HookCall } from '../../../contract/hook-call.ts';
import type { Cancellation } from '../../../core/canceller.ts';
import { Fault, fail } from '../../../core/fault.ts';
import type { Ask, FromLane, PooledPlugin } from '../lane/message.ts';
import { heaviest } from '../lane/payload-limit.ts';
import { type CurrentCall, epochMs, startingJob } from '../lane/shared-memory.ts';
import { CallLists, unpackResults } from '../lane/wire.ts';
import { startCall } from './deliver-records.ts';
import { FairQueue, type PendingJob } from './fair-queue.ts';
import { JobUnderWay } from './job-under-way.ts';
import { type Lane, type PoolOptions, serveStart } from './lane-handle.ts';
import { LaneSupervisor } from './lane-supervisor.ts';
import type { Pool, PoolStatus } from './pool-status.ts';

const maximumUnderWay = 32;
/** How long a lane may take to confirm that it dropped a call. */
const confirmWithinMs = 50;

/**
 * The lane of one plugin that has asynchronous capabilities, or a process of its own. With asynchronous capabilities it
 * runs with JSPI: a call that waits for the gateway's thread suspends its instance and not the thread, and many calls
 * are under way, each in an instance of its own. A call past its deadline is dropped with its instance. If the lane
 * does not confirm that, it is ended.
 */
export class DedicatedLane implements Pool {
  readonly #plugin: PooledPlugin;
  /** The only list of calls of this lane. */
  readonly #calls: readonly HookCall[];
  readonly #options: PoolOptions;
  readonly #supervisor: LaneSupervisor;
  #lane: Lane | undefined;
  readonly #underWay = new Map<number, JobUnderWay>();
  readonly #unconfirmed = new Map<number, { readonly job: PendingJob; readonly timer: NodeJS.Timeout }>();
  readonly #queue: FairQueue;
  readonly #lists = new CallLists();
  /** The weight of all values under way. */
  #weight = 0;
  #closed = false;

  private constructor(plugin: PooledPlugin, options: PoolOptions) {
    this.#plugin = plugin;
    this.#calls = [{ plugin: plugin.id, stopOnBlock: true, stopOnFailure: true }];
    this.#options = options;
    this.#queue = new FairQueue(options.backlog, job => this.#abandon(job));
    this.#supervisor = new LaneSupervisor(
      {
        message: (lane, message) => this.#receive(lane, message),
        ended: (lane, reason) => this.#ended(lane, reason),
        restarted: lane => {
          this.#lane = lane;
          this.#flush();
        },
        hasLane: () => this.#lane !== undefined,
        look: () => this.#checkLimits(),
      },
      {
        plugins: [plugin],
        lanes: options,
        queue: this.#queue,
        unavailable: 'its lane cannot be started',
        logFields: { plugin: plugin.id },
      },
    );
  }

  /** @throws Faults as Lane.start does */
  static async start(plugin: PooledPlugin, options: PoolOptions): Promise<DedicatedLane> {
    const pool = new DedicatedLane(plugin, options);
    try {
      pool.#lane = await pool.#supervisor.start();
      return pool;
    } catch (error) {
      await pool[Symbol.asyncDispose]();
      throw error;
    }
  }

  run(input: ChainInput, signal?: Cancellation): Promise<ChainOutput> {
    if (this.#closed) return fail('lanes_closed');
    // A call that a plugin waits for must not wait for that plugin. Each plugin has one such call at a time.
    const isAwaited = this.#plugin.component.asynchronous && (input.tools?.within.length ?? 0) > 0;
    const lane = isAwaited ? this.#lane : undefined;
    const job = this.#queue.admit(input, signal, lane !== undefined);
    if (lane === undefined) {
      this.#queue.push(job);
      this.#flush();
    } else this.#launch(lane, job);
    return job.output;
  }

  get status(): PoolStatus {
    const lanes = this.#lane === undefined ? 0 : 1;
    const busy = Math.min(lanes, this.#underWay.size);
    return { lanes, busy, waiting: this.#queue.length, backlog: this.#options.backlog };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    for (const { timer } of this.#unconfirmed.values()) clearTimeout(timer);
    for (const current of this.#underWay.values()) {
      this.#remove(current);
      current.abort();
      if (!current.job.isSettled) current.job.reject(new Fault('lanes_closed'));
    }
    for (const job of this.#queue.takeAll()) if (!job.isSettled) job.reject(new Fault('lanes_closed'));
    await this.#supervisor.close();
    await this.#lane?.terminate();
  }

  #flush(): void {
    const lane = this.#lane;
    if (lane === undefined) return;
    // A plugin that never waits runs one call at a time, and the time of a call begins when the one before has ended.
    const most = this.#plugin.component.asynchronous ? maximumUnderWay : 1;
    while (this.#underWay.size < most && (this.#underWay.size === 0 || this.#weight < heaviest)) {
      const [job] = this.#queue.take(1);
      if (job === undefined) return;
      this.#launch(lane, job);
    }
  }

  #launch(lane: Lane, job: PendingJob): void {
    const current = new JobUnderWay(job);
    this.#weight += current.weight;
    this.#underWay.set(job.id, current);
    this.#supervisor.watch();
    lane.run([job], this.#lists);
  }

  #receive(lane: Lane, message: FromLane): void {
    if (message.type === 'ask') return void this.#serve(lane, message);
    if (message.type === 'records') lane.deliver(message.records, this.#callOf(message.job));
    else if (message.type === 'dropped') {
      if (message.records !== undefined) lane.deliver(message.records, this.#callOf(message.job));
      clearTimeout(this.#unconfirmed.get(message.job)?.timer);
      this.#unconfirmed.delete(message.job);
      this.#options.accounts.addCpu(this.#plugin.id, message.cpuMs);
    } else if (message.type === 'done') {
      for (const { id, output, records } of unpackResults(message.results, () => this.#calls)) {
        if (records !== undefined) lane.deliver(records, this.#callOf(id));
        const current = this.#underWay.get(id);
        if (current === undefined) {
          // The result is too late, but what it used counts.
          for (const { plugin, cpuMs, wallMs } of output.reports)
            this.#options.accounts.addCpu(plugin, cpuMs ?? wallMs);
          continue;
        }
        this.#remove(current);
        // The call did not wait for the answers to these host calls.
        current.abort();
        current.job.resolve(output);
      }
    }
    this.#flush();
  }

  /** Returns the hook call of a job, also after the job was dropped. */
  #callOf(id: number): HeardCall {
    return (this.#underWay.get(id) ?? this.#unconfirmed.get(id))?.job.heard ?? startCall;
  }

  #serve(lane: Lane, message: Ask): Promise<void> {
    const { job, capability, request } = message;
    const current = this.#underWay.get(job);
    const serve = this.#options.serveOf(this.#plugin.id, capability);
    if (serve === undefined || (current === undefined && job !== startingJob)) return lane.answer(message, undefined);
    return lane.answer(message, () =>
      current === undefined ? serveStart(serve, request, this.#plugin.limits) : current.serve(serve, request),
    );
  }

  #checkLimits(): void {
    if (this.#underWay.size === 0) this.#supervisor.unwatch();
    const { timeoutMs } = this.#plugin.limits;
    const nowMs = epochMs();
    for (const { job, beganMs } of this.#underWay.values()) {
      if (nowMs - beganMs < timeoutMs) continue;
      this.#fail(job.id, 'timeout', `no answer within ${timeoutMs} ms (limits.timeout_ms)`);
    }
    if (this.#lane === undefined) return;
    const over = ({ job }: CurrentCall, cause: FailureCause, message: string) => this.#fail(job, cause, message);
    this.#supervisor.checkCpu(this.#lane, this.#plugin.limits, () => this.#current(), over);
  }

  /**
   * Returns the call that the lane works for. A process shares no memory with the gateway. It takes its messages in
   * order, so it works for the call whose turn came first among those that wait for no answer.
   */
  #current(): CurrentCall | undefined {
    if (this.#plugin.isolation !== 'process') {
      const at = this.#lane?.progress.read();
      return at !== undefined && this.#underWay.has(at.job) ? at : undefined;
    }
    const [first] = [...this.#underWay.values()]
      .filter(({ isWaiting }) => !isWaiting)
      .toSorted((one, other) => one.turnMs - other.turnMs);
    return first === undefined ? undefined : { since: first.turnMs, job: first.job.id, call: 0, usedMs: 0 };
  }

  /** Ends a call. The lane reports what it used of the CPU when it confirms that. */
  #fail(id: number, cause: FailureCause, message: string): void {
    const current = this.#underWay.get(id);
    if (current === undefined) return;
    current.job.failCall(0, cause, message, current.cost);
    this.#drop(id);
  }

  /** Ends a call whose request was aborted. */
  #abandon(job: PendingJob): void {
    const current = this.#underWay.get(job.id);
    if (current === undefined) return;
    job.endLate(current.cost.wallMs);
    this.#drop(job.id);
  }

  #drop(id: number): void {
    const current = this.#underWay.get(id);
    if (current === undefined) return;
    const working = this.#current();
    const at = working?.job === id ? working : undefined;
    this.#remove(current);
    current.abort();
    this.#lane?.send({ type: 'drop', job: id });
    const timer = setTimeout(() => this.#endUnconfirmed(at), confirmWithinMs);
    this.#unconfirmed.set(id, { job: current.job, timer });
  }

  /** Ends the lane, because it did not confirm that it dropped a call: it works for that call all the time. */
  #endUnconfirmed(at: CurrentCall | undefined): void {
    if (at !== undefined) this.#options.accounts.addCpu(this.#plugin.id, at.usedMs + epochMs() - at.since);
    void this.#lane?.terminate();
  }

  #remove(current: JobUnderWay): void {
    if (this.#underWay.delete(current.job.id)) this.#weight -= current.weight;
  }

  #ended(lane: Lane, reason: string): void {
    if (this.#closed || this.#lane !== lane) return;
    this.#lane = undefined;
    for (const id of [...this.#underWay.keys(), ...this.#unconfirmed.keys()])
      lane.deliver(lane.unsent(id), this.#callOf(id));
    for (const { timer } of this.#unconfirmed.values()) clearTimeout(timer);
    this.#unconfirmed.clear();
    const again: PendingJob[] = [];
    for (const current of [...this.#underWay.values()]) {
      this.#remove(current);
      current.abort();
      current.job.attempts += 1;
      // It may have changed what it was lent, unseen.
      if (lane.isLentSomething || current.hasCalledHost || current.job.attempts > 1)
        current.job.failCall(0, 'unavailable', `its lane ended: ${reason}`, current.cost);
      if (!current.job.isSettled) again.push(current.job);
    }
    this.#queue.putBack(again);
    this.#supervisor.replace();
  }
}
