import type { ChainInput, ChainOutput, FailureCause } from '../../../contract/hook-call.ts';
import type { Cancellation } from '../../../core/canceller.ts';
import { Fault, fail } from '../../../core/fault.ts';
import type { PluginLimits } from '../../limits.ts';
import type { Ask, FromLane, PooledPlugin } from '../lane/message.ts';
import { type CurrentCall, epochMs, noJob, startingJob } from '../lane/shared-memory.ts';
import { CallLists, unpackResults } from '../lane/wire.ts';
import { FairQueue, type PendingJob } from './fair-queue.ts';
import { type Lane, type PoolOptions, serveStart } from './lane-handle.ts';
import { LaneSupervisor } from './lane-supervisor.ts';
import type { Pool, PoolStatus } from './pool-status.ts';
import type { ReadyThreads } from './ready-threads.ts';

const maximumBatch = 64;
/** How long chains may wait for a busy lane while another is idle. */
const patienceMs = 3;
const maximumAttempts = 3;
/** The time from when a gateway's lanes are open to when it usually listens. */
const spareAfterMs = 250;
/** How long chains travel alone after a lane was ended, so that a looping call delays no other chain of its batch. */
const cautionMs = 5000;

/** For what is answered at once, and never waits long enough to be aborted. */
const unaborted = new AbortController().signal;

type SharedLanesOptions = PoolOptions & { readonly count: number };

/** The chains that a lane was sent in one message. */
interface Batch {
  readonly jobs: Map<number, PendingJob>;
  readonly sentAt: number;
  readonly size: number;
}

/** Why a call ended with its lane. */
interface LaneFailure {
  readonly at: CurrentCall;
  readonly cause: FailureCause;
  readonly message: string;
}

/**
 * The lanes for plugins without asynchronous capabilities. Each holds an instance of every plugin and runs one chain at
 * a time. Chains that become ready in one turn of the event loop travel in one message. A lane in which a call exceeds
 * its deadline is ended and a warm spare takes its place. The other chains of its batch run again in other lanes,
 * because a pure plugin has no effect but its result. A chain whose result has arrived does not run
 * again, and a chain with effects sends its result at once.
 */
export class SharedLanes implements Pool {
  readonly #limits: ReadonlyMap<string, PluginLimits>;
  readonly #serveOf: PoolOptions['serveOf'];
  readonly #supervisor: LaneSupervisor;
  readonly #idle: Lane[] = [];
  readonly #busy = new Map<Lane, Batch>();
  /** Lanes that are being ended. What they have sent still arrives. */
  readonly #ending = new Map<Lane, LaneFailure>();
  #spare: Lane | undefined;
  readonly #queue: FairQueue;
  readonly #lists = new CallLists();
  #flushing = false;
  #closed = false;
  #cautiousUntil = 0;
  #patience: NodeJS.Timeout | undefined;
  #lastSentAt = 0;
  /** The recent average time of a chain from the message to the result. */
  #chainMs = 1;
  readonly #count: number;
  readonly #backlog: number;

  private constructor(plugins: readonly PooledPlugin[], { backlog, count, ...options }: SharedLanesOptions) {
    this.#count = count;
    this.#backlog = backlog;
    this.#serveOf = options.serveOf;
    this.#limits = new Map(plugins.map(plugin => [plugin.id, plugin.limits]));
    this.#queue = new FairQueue(backlog);
    this.#supervisor = new LaneSupervisor(
      {
        message: (lane, message) => this.#receive(lane, message),
        ended: (lane, reason) => this.#ended(lane, reason),
        restarted: lane => {
          this.#addLane(lane);
          this.#flushSoon();
        },
        hasLane: () => this.#idle.length + this.#busy.size > 0,
        look: () => this.#checkLimits(),
      },
      { plugins, lanes: options, queue: this.#queue, unavailable: 'no lane can be started', logFields: {} },
    );
  }

  /**
   * Starts `count` lanes, in `threads` as far as these are ready. The spare follows later, so that it does not slow
   * down the start of the gateway.
   * @throws Faults as Lane.start does; then no lane is left running
   */
  static async start(
    plugins: readonly PooledPlugin[],
    { threads, ...options }: SharedLanesOptions & { readonly threads?: ReadyThreads | undefined },
  ): Promise<SharedLanes> {
    const lanes = new SharedLanes(plugins, options);
    const all = await Promise.allSettled(
      Array.from({ length: options.count }, () => lanes.#supervisor.start(threads?.take())),
    );
    for (const each of all) if (each.status === 'fulfilled') lanes.#addLane(each.value);
    // A plugin that does not start fails in every lane, so one report is enough.
    const failed = all.find(each => each.status === 'rejected');
    if (failed !== undefined) {
      await lanes[Symbol.asyncDispose]();
      throw failed.reason;
    }
    setTimeout(() => !lanes.#closed && lanes.#supervisor.restart(), spareAfterMs).unref();
    return lanes;
  }

  run(input: ChainInput, signal?: Cancellation): Promise<ChainOutput> {
    if (this.#closed) return fail('lanes_closed');
    const job = this.#queue.admit(input, signal);
    this.#queue.push(job);
    this.#flushSoon();
    return job.output;
  }

  get status(): PoolStatus {
    const busy = this.#busy.size;
    return { lanes: this.#idle.length + busy, busy, waiting: this.#queue.length, backlog: this.#backlog };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    // A spare that is starting ends by itself.
    void this.#supervisor.close();
    clearTimeout(this.#patience);
    const lanes = [...this.#idle, ...this.#busy.keys(), ...(this.#spare === undefined ? [] : [this.#spare])];
    const open = [...this.#queue.takeAll(), ...[...this.#busy.values()].flatMap(({ jobs }) => [...jobs.values()])];
    for (const job of open) if (!job.isSettled) job.reject(new Fault('lanes_closed'));
    await Promise.all(lanes.map(lane => lane.terminate()));
  }

  /** Sends the waiting chains at the end of this turn of the event loop, when all requests of it have queued theirs. */
  #flushSoon(): void {
    if (this.#flushing) return;
    this.#flushing = true;
    setImmediate(this.#flushNow);
  }

  readonly #flushNow = (): void => {
    this.#flushing = false;
    this.#flush();
  };

  /**
   * Fills one lane after the other. While a lane is about to answer, chains wait for it and then travel in one message,
   * because most of the cost of a hop is the message, and caches are warm in a lane that has just worked.
   */
  #flush(): void {
    const nowMs = performance.now();
    const isCautious = nowMs < this.#cautiousUntil;
    while (this.#queue.length > 0 && this.#idle.length > 0) {
      if (!isCautious && this.#answersSoon(nowMs)) {
        this.#patience ??= setTimeout(() => {
          this.#patience = undefined;
          this.#flush();
        }, patienceMs);
        break;
      }
      const lane = this.#idle.pop();
      if (lane === undefined) break;
      const batch = this.#queue.take(isCautious ? 1 : this.#batchSize());
      if (batch.length === 0) {
        this.#idle.push(lane);
        break;
      }
      const jobs = new Map(batch.map(job => [job.id, job]));
      this.#busy.set(lane, { jobs, sentAt: nowMs, size: batch.length });
      this.#lastSentAt = nowMs;
      lane.run(batch, this.#lists);
    }
    if (this.#busy.size > 0) this.#supervisor.watch();
  }

  /** Returns whether a busy lane will soon have finished its chains, and then those that wait. */
  #answersSoon(nowMs: number): boolean {
    return (
      this.#busy.size > 0 && nowMs - this.#lastSentAt < patienceMs && this.#queue.length * this.#chainMs < patienceMs
    );
  }

  /** Returns how many chains keep a lane busy for some milliseconds, and no longer. */
  #batchSize(): number {
    return Math.max(1, Math.min(maximumBatch, Math.floor(patienceMs / this.#chainMs)));
  }

  #receive(lane: Lane, message: FromLane): void {
    if (message.type === 'ask') return void this.#serve(lane, message);
    if (message.type !== 'done') return;
    const batch = this.#busy.get(lane);
    if (batch === undefined) return;
    const { jobs, sentAt, size } = batch;
    const results = unpackResults(message.results, id => jobs.get(id)?.input.calls ?? []);
    for (const { id, output, records } of results) {
      const job = jobs.get(id);
      if (job === undefined) continue;
      jobs.delete(id);
      if (records !== undefined) lane.deliver(records, job.heard);
      if (!job.isSettled) job.resolve(output);
      else job.endLate(output.reports.reduce((sum, { wallMs }) => sum + wallMs, 0));
    }
    // Heavy results come in several messages.
    if (jobs.size > 0) return;
    this.#busy.delete(lane);
    lane.settle();
    this.#idle.push(lane);
    this.#chainMs += ((performance.now() - sentAt) / size - this.#chainMs) / 8;
    if (this.#queue.length > 0) this.#flushSoon();
  }

  /** Answers a request of a plugin, for a chain that it is in. */
  #serve(lane: Lane, message: Ask): Promise<void> {
    const { job, plugin, capability, request } = message;
    const serve = this.#serveOf(plugin, capability);
    const limits = this.#limits.get(plugin);
    if (serve === undefined || limits === undefined) return lane.answer(message, undefined);
    if (job === startingJob) return lane.answer(message, () => serveStart(serve, request, limits));
    const input = this.#busy.get(lane)?.jobs.get(job)?.input;
    if (!input?.calls.some(call => call.plugin === plugin)) return lane.answer(message, undefined);
    return lane.answer(message, () => serve(request, { ...input.context, signal: unaborted }));
  }

  #checkLimits(): void {
    if (this.#busy.size === 0) this.#supervisor.unwatch();
    for (const [lane, { jobs }] of this.#busy) {
      if (this.#ending.has(lane)) continue;
      const at = lane.progress.read();
      const call = at === undefined ? undefined : jobs.get(at.job)?.input.calls[at.call];
      if (at === undefined || call === undefined) continue;
      const limits = this.#limits.get(call.plugin) ?? { timeoutMs: 0, cpuMs: 0 };
      const { timeoutMs } = limits;
      if (epochMs() - at.since >= timeoutMs) {
        this.#end(lane, { at, cause: 'timeout', message: `no answer within ${timeoutMs} ms (limits.timeout_ms)` });
      } else {
        const read = () => lane.progress.read();
        this.#supervisor.checkCpu(
          lane,
          limits,
          read,
          (over, cause, message) => this.#busy.has(lane) && this.#end(lane, { at: over, cause, message }),
        );
      }
    }
  }

  #end(lane: Lane, failure: LaneFailure): void {
    if (this.#ending.has(lane)) return;
    this.#ending.set(lane, failure);
    void lane.terminate();
  }

  /** Replaces a lane that was ended, or ended by itself: its thread ran out of memory, or broke. */
  #ended(lane: Lane, reason: string): void {
    const failure = this.#ending.get(lane);
    this.#ending.delete(lane);
    if (this.#closed) return;
    const at = lane.progress.read();
    if (this.#spare === lane) this.#spare = undefined;
    else if (this.#idle.includes(lane)) this.#idle.splice(this.#idle.indexOf(lane), 1);
    else if (!this.#busy.has(lane)) return;
    this.#replace(lane, failure ?? (at === undefined ? undefined : { at, cause: 'limit', message: reason }));
  }

  /** Removes a lane, fails the call that it was in, and gives the rest of its batch to other lanes. */
  #replace(lane: Lane, failure: LaneFailure | undefined): void {
    const jobs = this.#busy.get(lane)?.jobs ?? new Map<number, PendingJob>();
    this.#busy.delete(lane);
    this.#cautiousUntil = performance.now() + cautionMs;
    const again: PendingJob[] = [];
    const failed = jobs.get(failure?.at.job ?? noJob);
    if (failed !== undefined) lane.deliver(lane.unsent(failed.id, failure?.at.call), failed.heard);
    for (const job of jobs.values()) {
      // Only the job that ended the lane is charged, because each end removes it from the batch.
      if (failure === undefined) job.attempts += 1;
      if (failure !== undefined && job === failed) {
        const { at, cause, message } = failure;
        const wallMs = epochMs() - at.since;
        if (job.isSettled) job.endLate(wallMs);
        else job.failCall(at.call, cause, message, { wallMs });
      } else if (job.attempts >= maximumAttempts)
        job.failCall(0, 'unavailable', 'its lane ended several times', { wallMs: 0 });
      if (!job.isSettled) again.push(job);
    }
    this.#queue.putBack(again);
    if (this.#spare !== undefined) {
      this.#idle.push(this.#spare);
      this.#spare = undefined;
    }
    this.#supervisor.replace();
    this.#flushSoon();
  }

  /** Adds a lane that has started: to serve if one is missing, otherwise as the spare. */
  #addLane(lane: Lane): void {
    if (this.#spare === undefined && this.#idle.length + this.#busy.size >= this.#count) this.#spare = lane;
    else this.#idle.push(lane);
  }
}
