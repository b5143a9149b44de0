import type { HeardCall, Serve } from '../../../capability/capability.ts';
import type { ChainInput, ChainOutput, FailureCause, HookCall, HookRunner } from '../../../contract/hook-call.ts';
import { Fault, fail } from '../../../core/fault.ts';
import type { FromLane, LanePlugin } from '../lane/message.ts';
import { heaviest } from '../lane/payload.ts';
import { type Moment, Progress, startingJob } from '../lane/progress.ts';
import { CallLists, unpackResults } from '../lane/wire.ts';
import { FairQueue } from './fair-queue.ts';
import type { PendingJob } from './job.ts';
import { type Lane, nobody, type PoolOptions } from './lane-handle.ts';
import { LaneSupervisor } from './lane-supervisor.ts';

const maximumUnderWay = 32;
const answerWithinMs = 50;

interface JobUnderWay {
  readonly job: PendingJob;
  readonly began: number;
  readonly timer: NodeJS.Timeout;
  readonly abort: AbortController;
  /** Of its value; `input` may change. */
  readonly weight: number;
  /** Questions that were not answered yet. */
  pending: number;
  /** When it was sent, or answered last: it is the lane's turn since. Milliseconds, as of `Progress.now`. */
  turn: number;
  /** Questions that were taken on: where there is one, the call must not be run a second time. */
  asks: number;
}

/**
 * The lane of one plugin that has asynchronous capabilities, or a process of its own. The former runs with JSPI: a call
 * that waits for the gateway's thread parks its instance and not the thread, so many calls are under way, each in an
 * instance of its own. A call past its deadline is dropped with its instance; if the thread does not confirm that, the
 * thread is ended.
 */
export class DedicatedLane implements HookRunner, AsyncDisposable {
  readonly #plugin: LanePlugin;
  /** The one that every chain here consists of. */
  readonly #calls: readonly HookCall[];
  /** The gateway's side of the plugin's asynchronous capabilities, by name. */
  readonly #serves: ReadonlyMap<string, Serve>;
  readonly #options: PoolOptions;
  readonly #supervisor: LaneSupervisor;
  #lane: Lane | undefined;
  readonly #underWay = new Map<number, JobUnderWay>();
  readonly #unconfirmed = new Map<number, { readonly job: PendingJob; readonly timer: NodeJS.Timeout }>();
  readonly #queue: FairQueue;
  readonly #lists = new CallLists();
  /** Of all values under way. */
  #weight = 0;
  #closed = false;

  private constructor(plugin: LanePlugin, serves: ReadonlyMap<string, Serve>, options: PoolOptions) {
    this.#plugin = plugin;
    this.#calls = [{ plugin: plugin.id, stopOnBlock: true, stopOnFailure: true }];
    this.#serves = serves;
    this.#options = options;
    this.#queue = new FairQueue(options.backlog);
    this.#supervisor = new LaneSupervisor(
      {
        message: (lane, message) => this.#message(lane, message),
        ended: (lane, reason) => this.#ended(lane, reason),
        restarted: lane => {
          this.#lane = lane;
          this.#flush();
        },
        hasLane: () => this.#lane !== undefined,
        look: () => this.#checkCpu(),
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
  static async start(
    plugin: LanePlugin,
    serves: ReadonlyMap<string, Serve>,
    options: PoolOptions,
  ): Promise<DedicatedLane> {
    const pool = new DedicatedLane(plugin, serves, options);
    try {
      pool.#lane = await pool.#supervisor.start();
      return pool;
    } catch (error) {
      await pool[Symbol.asyncDispose]();
      throw error;
    }
  }

  run(input: ChainInput, signal?: AbortSignal): Promise<ChainOutput> {
    if (this.#closed) return fail('lanes_closed');
    // Calls that plugins wait for must not wait for those very plugins: each has one such call at a time.
    const isAwaited = this.#plugin.component.asynchronous && (input.tools?.within.length ?? 0) > 0;
    const lane = isAwaited ? this.#lane : undefined;
    const job = this.#queue.admit(input, signal, lane !== undefined);
    if (lane === undefined) {
      this.#queue.push(job);
      this.#flush();
    } else this.#launch(lane, job);
    signal?.addEventListener('abort', () => this.#underWay.has(job.id) && this.#drop(job.id), { once: true });
    return job.output;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    for (const { timer } of this.#unconfirmed.values()) clearTimeout(timer);
    for (const current of this.#underWay.values()) {
      this.#land(current);
      current.abort.abort();
      if (!current.job.isSettled) current.job.reject(new Fault('lanes_closed'));
    }
    for (const job of this.#queue.takeAll()) if (!job.isSettled) job.reject(new Fault('lanes_closed'));
    await this.#supervisor.close();
    await this.#lane?.terminate();
  }

  #flush(): void {
    const lane = this.#lane;
    if (lane === undefined) return;
    // A plugin that never waits serves one call after the other: its time begins when the one before has ended.
    const most = this.#plugin.component.asynchronous ? maximumUnderWay : 1;
    while (this.#underWay.size < most && (this.#underWay.size === 0 || this.#weight < heaviest)) {
      const [job] = this.#queue.take(1);
      if (job === undefined) return;
      this.#launch(lane, job);
    }
  }

  #launch(lane: Lane, job: PendingJob): void {
    const timer = setTimeout(() => this.#overdue(job.id), this.#plugin.limits.timeoutMs);
    const { weight } = job;
    this.#weight += weight;
    this.#underWay.set(job.id, {
      weight,
      job,
      began: performance.now(),
      timer,
      abort: new AbortController(),
      pending: 0,
      turn: Progress.now(),
      asks: 0,
    });
    // Unless a call may use less CPU than time, its deadline bounds both.
    if (this.#plugin.limits.cpuMs < this.#plugin.limits.timeoutMs) this.#supervisor.watch();
    lane.run([job], this.#lists);
  }

  #message(lane: Lane, message: FromLane): void {
    if (message.type === 'ask') return void this.#serve(lane, message);
    if (message.type === 'said') lane.hear(message.said, this.#callOf(message.job));
    else if (message.type === 'dropped') {
      lane.hear(message.said, this.#callOf(message.job));
      clearTimeout(this.#unconfirmed.get(message.job)?.timer);
      this.#unconfirmed.delete(message.job);
      this.#options.accounts.spent(this.#plugin.id, message.cpuMs);
    } else if (message.type === 'done') {
      for (const { id, output, said } of unpackResults(message.results, () => this.#calls)) {
        lane.hear(said, this.#callOf(id));
        const current = this.#underWay.get(id);
        if (current === undefined) {
          // Too late for its answer, and no less used.
          for (const { plugin, cpuMs, wallMs } of output.reports) this.#options.accounts.spent(plugin, cpuMs ?? wallMs);
          continue;
        }
        this.#land(current);
        // Whatever it asked for and did not wait for, nobody waits for now.
        if (current.asks > 0) current.abort.abort();
        current.job.resolve(output);
      }
    }
    this.#flush();
  }

  /** The call that a job of the lane is for, also when nobody waits for it any more. */
  #callOf(id: number): HeardCall {
    return (this.#underWay.get(id) ?? this.#unconfirmed.get(id))?.job.heard ?? nobody;
  }

  async #serve(lane: Lane, { ask, job, capability, request }: Extract<FromLane, { type: 'ask' }>): Promise<void> {
    const current = this.#underWay.get(job);
    const serve = this.#serves.get(capability);
    const call =
      current === undefined
        ? undefined
        : { ...current.job.input.context, signal: current.abort.signal, tools: current.job.tools };
    const starting =
      job === startingJob ? { ...nobody, signal: AbortSignal.timeout(this.#plugin.limits.startMs) } : undefined;
    const asker = call ?? starting;
    if (asker === undefined || serve === undefined) {
      return lane.send({ type: 'answer', ask, error: `${capability} is not available now` });
    }
    if (current !== undefined) {
      current.asks += 1;
      current.pending += 1;
    }
    try {
      lane.send({ type: 'answer', ask, value: await serve(request, asker) });
    } catch (error) {
      lane.send({ type: 'answer', ask, error: error instanceof Error ? error.message : String(error) });
    }
    if (current !== undefined) {
      current.pending -= 1;
      current.turn = Progress.now();
    }
  }

  #checkCpu(): void {
    if (this.#underWay.size === 0) this.#supervisor.unwatch();
    if (this.#lane === undefined) return;
    const over = ({ job }: Moment, cause: FailureCause, message: string) => this.#failed(job, cause, message);
    this.#supervisor.checkCpu(this.#lane, this.#plugin.limits, () => this.#working(), over);
  }

  /**
   * The call that the lane works for. A process shares no memory with us: it takes its messages in order, so it is the
   * one whose turn came first among those that wait for no answer.
   */
  #working(): Moment | undefined {
    if (this.#plugin.isolation !== 'process') {
      const at = this.#lane?.progress.read();
      return at !== undefined && this.#underWay.has(at.job) ? at : undefined;
    }
    const [first] = [...this.#underWay.values()]
      .filter(({ pending }) => pending === 0)
      .toSorted((one, other) => one.turn - other.turn);
    return first === undefined ? undefined : { since: first.turn, job: first.job.id, call: 0, usedMs: 0 };
  }

  #overdue(id: number): void {
    this.#failed(id, 'timeout', `no answer within ${this.#plugin.limits.timeoutMs} ms (limits.timeout_ms)`);
  }

  /** Ends a call. What it used of the CPU is told by the lane when it confirms that. */
  #failed(id: number, cause: FailureCause, message: string): void {
    const current = this.#underWay.get(id);
    if (current === undefined) return;
    current.job.failCall(0, cause, message, costOf(current));
    this.#drop(id);
  }

  #drop(id: number): void {
    const current = this.#underWay.get(id);
    if (current === undefined) return;
    const working = this.#working();
    const at = working?.job === id ? working : undefined;
    this.#land(current);
    current.abort.abort();
    this.#lane?.send({ type: 'drop', job: id });
    const timer = setTimeout(() => this.#endUnconfirmed(at), answerWithinMs);
    this.#unconfirmed.set(id, { job: current.job, timer });
  }

  /** The lane did not say that it has dropped a call: it works for it all the time. */
  #endUnconfirmed(at: Moment | undefined): void {
    if (at !== undefined) this.#options.accounts.spent(this.#plugin.id, at.usedMs + Progress.now() - at.since);
    void this.#lane?.terminate();
  }

  #land(current: JobUnderWay): void {
    clearTimeout(current.timer);
    if (this.#underWay.delete(current.job.id)) this.#weight -= current.weight;
  }

  #ended(lane: Lane, reason: string): void {
    if (this.#closed || this.#lane !== lane) return;
    this.#lane = undefined;
    for (const id of [...this.#underWay.keys(), ...this.#unconfirmed.keys()])
      lane.hear(lane.unsent(id), this.#callOf(id));
    for (const { timer } of this.#unconfirmed.values()) clearTimeout(timer);
    this.#unconfirmed.clear();
    const again: PendingJob[] = [];
    for (const current of [...this.#underWay.values()]) {
      this.#land(current);
      current.abort.abort();
      current.job.attempts += 1;
      if (current.asks > 0 || current.job.attempts > 1)
        current.job.failCall(0, 'unavailable', `its lane ended: ${reason}`, costOf(current));
      if (!current.job.isSettled) again.push(current.job);
    }
    this.#queue.putBack(again);
    this.#supervisor.restart();
  }
}

/** Of a call that its lane does not report. */
const costOf = ({ began, asks }: JobUnderWay) => ({ wallMs: performance.now() - began, cpuMs: 0, hostCalls: asks });
