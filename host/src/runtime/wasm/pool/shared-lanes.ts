import type { ChainInput, ChainOutput, FailureCause, HookRunner } from '../../../contract/hook-call.ts';
import { Fault, fail } from '../../../core/fault.ts';
import type { PluginLimits } from '../../limits.ts';
import type { FromLane, LanePlugin } from '../lane/message.ts';
import { type Moment, noJob, Progress } from '../lane/progress.ts';
import { CallLists, unpackResults } from '../lane/wire.ts';
import { FairQueue } from './fair-queue.ts';
import type { PendingJob } from './job.ts';
import type { Lane, PoolOptions } from './lane-handle.ts';
import { LaneSupervisor } from './lane-supervisor.ts';
import type { ReadyThreads } from './ready-threads.ts';

const maximumBatch = 64;
/** How long chains may wait for a lane that is at work while another is idle. */
const patienceMs = 3;
const maximumAttempts = 3;
/** From when a gateway's lanes are open to when it most probably listens. */
const spareAfterMs = 250;
/** After a lane had to be ended, chains travel alone for so long: whatever loops holds up nobody in its batch. */
const cautionMs = 5000;

type SharedLanesOptions = PoolOptions & { readonly count: number };

/**
 * Lanes for plugins without asynchronous capabilities: each holds an instance of every plugin and runs one chain at a
 * time. Chains that become ready in one turn of the event loop travel in one message. A lane in which a call passes
 * its deadline is ended and a warm spare takes its place; what else it was to do is done by the others, again from the
 * start where its result was lost (a pure plugin has no effect but its answer).
 */
export class SharedLanes implements HookRunner, AsyncDisposable {
  readonly #limits: ReadonlyMap<string, PluginLimits>;
  readonly #supervisor: LaneSupervisor;
  readonly #idle: Lane[] = [];
  readonly #busy = new Map<Lane, Map<number, PendingJob>>();
  #spare: Lane | undefined;
  readonly #queue: FairQueue;
  readonly #lists = new CallLists();
  #flushing = false;
  #closed = false;
  #cautiousUntil = 0;
  #patience: NodeJS.Timeout | undefined;
  #lastSentAt = 0;
  readonly #sent = new WeakMap<Lane, { readonly at: number; readonly chains: number }>();
  /** What a chain takes, on average lately, from the message to the answer. */
  #chainMs = 1;
  readonly #count: number;

  private constructor(plugins: readonly LanePlugin[], { backlog, count, ...options }: SharedLanesOptions) {
    this.#count = count;
    this.#limits = new Map(plugins.map(plugin => [plugin.id, plugin.limits]));
    this.#queue = new FairQueue(backlog);
    this.#supervisor = new LaneSupervisor(
      {
        message: (lane, message) => this.#done(lane, message),
        ended: (lane, reason) => this.#ended(lane, reason),
        restarted: lane => {
          this.#take(lane);
          this.#flushSoon();
        },
        hasLane: () => this.#idle.length + this.#busy.size > 0,
        look: () => this.#endOverdue(),
      },
      { plugins, lanes: options, queue: this.#queue, unavailable: 'no lane can be started', logFields: {} },
    );
  }

  /**
   * Starts `count` lanes, in `threads` where these are ready. The spare follows when they serve: it must not take the
   * time of a gateway that is still starting.
   * @throws Faults as Lane.start does; then nothing is left running
   */
  static async start(
    plugins: readonly LanePlugin[],
    { threads, ...options }: SharedLanesOptions & { readonly threads?: ReadyThreads | undefined },
  ): Promise<SharedLanes> {
    const lanes = new SharedLanes(plugins, options);
    const all = await Promise.allSettled(
      Array.from({ length: options.count }, () => lanes.#supervisor.start(threads?.take())),
    );
    for (const each of all) if (each.status === 'fulfilled') lanes.#take(each.value);
    // A plugin that does not start fails in every lane, so one report is enough.
    const failed = all.find(each => each.status === 'rejected');
    if (failed !== undefined) {
      await lanes[Symbol.asyncDispose]();
      throw failed.reason;
    }
    setTimeout(() => !lanes.#closed && lanes.#supervisor.restart(), spareAfterMs).unref();
    return lanes;
  }

  run(input: ChainInput, signal?: AbortSignal): Promise<ChainOutput> {
    if (this.#closed) return fail('lanes_closed');
    const job = this.#queue.admit(input, signal);
    this.#queue.push(job);
    this.#flushSoon();
    return job.output;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    // A spare that is starting ends by itself.
    void this.#supervisor.close();
    clearTimeout(this.#patience);
    const lanes = [...this.#idle, ...this.#busy.keys(), ...(this.#spare === undefined ? [] : [this.#spare])];
    const open = [...this.#queue.takeAll(), ...[...this.#busy.values()].flatMap(jobs => [...jobs.values()])];
    for (const job of open) if (!job.isSettled) job.reject(new Fault('lanes_closed'));
    await Promise.all(lanes.map(lane => lane.terminate()));
  }

  /** At the end of this turn of the event loop, when all requests that arrived in it have queued their chains. */
  #flushSoon(): void {
    if (this.#flushing) return;
    this.#flushing = true;
    setImmediate(() => {
      this.#flushing = false;
      this.#flush();
    });
  }

  /**
   * Fills one lane after the other. What waits for a lane that answers soon anyway travels then, in one message: most
   * of what a hop costs is the message, and caches are warm in a lane that has just worked.
   */
  #flush(): void {
    const isCautious = performance.now() < this.#cautiousUntil;
    while (this.#queue.length > 0 && this.#idle.length > 0) {
      if (!isCautious && this.#answersSoon()) {
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
      this.#busy.set(lane, new Map(batch.map(job => [job.id, job])));
      this.#lastSentAt = performance.now();
      this.#sent.set(lane, { at: this.#lastSentAt, chains: batch.length });
      lane.run(batch, this.#lists);
    }
    if (this.#busy.size > 0) this.#supervisor.watch();
  }

  /** Whether a lane that was sent something a moment ago will have done it soon, and then what waits. */
  #answersSoon(): boolean {
    return (
      this.#busy.size > 0 &&
      performance.now() - this.#lastSentAt < patienceMs &&
      this.#queue.length * this.#chainMs < patienceMs
    );
  }

  /** Chains of some milliseconds of work: the lane is not kept from others, nor they from it, for longer. */
  #batchSize(): number {
    return Math.max(1, Math.min(maximumBatch, Math.floor(patienceMs / this.#chainMs)));
  }

  #done(lane: Lane, message: FromLane): void {
    if (message.type !== 'done') return;
    const batch = this.#busy.get(lane);
    if (batch === undefined) return;
    const results = unpackResults(message.results, id => batch.get(id)?.input.calls ?? []);
    for (const { id, output, said } of results) {
      const job = batch.get(id);
      if (job === undefined) continue;
      batch.delete(id);
      lane.hear(said, job.heard);
      if (!job.isSettled) job.resolve(output);
    }
    // Heavy results come one by one.
    if (batch.size > 0) return;
    this.#busy.delete(lane);
    this.#idle.push(lane);
    const { at = 0, chains = 1 } = this.#sent.get(lane) ?? {};
    this.#chainMs += ((performance.now() - at) / chains - this.#chainMs) / 8;
    if (this.#queue.length > 0) this.#flushSoon();
    else if (this.#busy.size === 0) this.#supervisor.unwatch();
  }

  #endOverdue(): void {
    for (const [lane, batch] of this.#busy) {
      const at = lane.progress.read();
      const call = at === undefined ? undefined : batch.get(at.job)?.input.calls[at.call];
      if (at === undefined || call === undefined) continue;
      const limits = this.#limits.get(call.plugin) ?? { timeoutMs: 0, cpuMs: 0 };
      const { timeoutMs } = limits;
      if (Progress.now() - at.since >= timeoutMs) {
        this.#end(lane, at, 'timeout', `no answer within ${timeoutMs} ms (limits.timeout_ms)`);
      } else {
        const read = () => lane.progress.read();
        this.#supervisor.checkCpu(lane, limits, read, (...over) => this.#busy.has(lane) && this.#end(lane, ...over));
      }
    }
  }

  #end(lane: Lane, { job, call, since }: Moment, cause: FailureCause, message: string): void {
    this.#replace(lane, { job, call, cause, message, wall: Progress.now() - since });
    void lane.terminate();
  }

  /** The lane ended by itself: its thread ran out of memory, or broke. */
  #ended(lane: Lane, reason: string): void {
    if (this.#closed) return;
    const at = lane.progress.read();
    if (this.#spare === lane) this.#spare = undefined;
    else if (this.#idle.includes(lane)) this.#idle.splice(this.#idle.indexOf(lane), 1);
    else if (!this.#busy.has(lane)) return;
    const wall = at === undefined ? 0 : Progress.now() - at.since;
    this.#replace(
      lane,
      at === undefined ? undefined : { job: at.job, call: at.call, cause: 'limit', message: reason, wall },
    );
  }

  /** Takes a lane out, blames the call that it was in, and gives the rest of its batch to others. */
  #replace(
    lane: Lane,
    blame: { job: number; call: number; cause: FailureCause; message: string; wall: number } | undefined,
  ): void {
    const batch = this.#busy.get(lane) ?? new Map<number, PendingJob>();
    this.#busy.delete(lane);
    this.#cautiousUntil = performance.now() + cautionMs;
    const again: PendingJob[] = [];
    const culprit = batch.get(blame?.job ?? noJob);
    if (culprit !== undefined) lane.hear(lane.unsent(culprit.id, blame?.call), culprit.heard);
    for (const job of batch.values()) {
      // Who was merely in the same batch is not charged: each end of a lane takes its culprit out.
      if (blame === undefined) job.attempts += 1;
      if (job.id === blame?.job) job.failCall(blame.call, blame.cause, blame.message, { wallMs: blame.wall });
      else if (job.attempts >= maximumAttempts)
        job.failCall(0, 'unavailable', 'its lane ended several times', { wallMs: 0 });
      if (!job.isSettled) again.push(job);
    }
    this.#queue.putBack(again);
    if (this.#spare !== undefined) {
      this.#idle.push(this.#spare);
      this.#spare = undefined;
    }
    this.#supervisor.restart();
    this.#flushSoon();
  }

  /** Takes a lane that has started: to serve if one is missing, else as the spare. */
  #take(lane: Lane): void {
    if (this.#spare === undefined && this.#idle.length + this.#busy.size >= this.#count) this.#spare = lane;
    else this.#idle.push(lane);
  }
}
