import type { HeardCall } from '../../../capability/capability.ts';
import type {
  CallCost,
  CallReport,
  ChainInput,
  ChainOutput,
  FailureCause,
  HookCall,
  LateWork,
  Tools,
  UpstreamRequest,
} from '../../../contract/hook-call.ts';
import type { Cancellation } from '../../../core/canceller.ts';
import { fail } from '../../../core/fault.ts';
import { heaviest, weightOf } from '../lane/payload-limit.ts';
import { checkOutput } from './check-output.ts';

/**
 * Chains that wait for a lane. Each binding has a queue of its own and they take turns, so that a binding whose clients
 * send many requests delays only its own. Chains that were settled meanwhile (aborted) are skipped.
 */
export class FairQueue {
  readonly #byBinding = new Map<string, PendingJob[]>();
  readonly #backlog: number;
  readonly #aborted: (job: PendingJob) => void;
  #length = 0;
  #jobs = 0;

  /**
   * @param backlog the number of chains that may wait
   * @param aborted is called when the signal of a job aborts, after the job was rejected
   */
  constructor(backlog: number, aborted: (job: PendingJob) => void = () => {}) {
    this.#backlog = backlog;
    this.#aborted = aborted;
  }

  get length(): number {
    return this.#length;
  }

  /**
   * Creates a job for a chain that may wait here. A chain that need not wait is always admitted.
   * @throws Fault `overloaded`; the reason of a signal that has aborted
   */
  admit(input: ChainInput, signal: Cancellation | undefined, needNotWait = false): PendingJob {
    signal?.throwIfAborted();
    if (!needNotWait && this.#length >= this.#backlog) {
      const hint = `${this.#length} hook calls are waiting for a lane: try again later, or raise \`limits.backlog\``;
      fail('overloaded', { waiting: this.#length, hint });
    }
    this.#jobs += 1;
    return new PendingJob(this.#jobs, input, signal, this.#aborted);
  }

  push(job: PendingJob): void {
    this.#queueOf(job).push(job);
    this.#length += 1;
  }

  /** Puts jobs back to the front: they had left the queue already. */
  putBack(jobs: readonly PendingJob[]): void {
    for (const job of jobs.toReversed()) {
      this.#queueOf(job).unshift(job);
      this.#length += 1;
    }
  }

  /**
   * Takes at most `count` jobs of one binding, whose queue then goes to the end. Jobs that travel in one message wait
   * for each other, so bindings are not mixed, and values that are heavy together do not travel together.
   */
  take(count: number): PendingJob[] {
    const taken: PendingJob[] = [];
    let weight = 0;
    for (const [binding, queue] of this.#byBinding) {
      while (taken.length < count && weight < heaviest) {
        const job = this.#next(queue);
        if (job === undefined) break;
        taken.push(job);
        weight += job.weight;
      }
      this.#byBinding.delete(binding);
      if (queue.length > 0) this.#byBinding.set(binding, queue);
      if (taken.length > 0) break;
    }
    return taken;
  }

  takeAll(): PendingJob[] {
    const taken: PendingJob[] = [];
    while (this.#byBinding.size > 0) taken.push(...this.take(Number.POSITIVE_INFINITY));
    return taken;
  }

  #next(queue: PendingJob[]): PendingJob | undefined {
    for (let job = queue.shift(); job !== undefined; job = queue.shift()) {
      this.#length -= 1;
      if (!job.isSettled) return job;
    }
    return undefined;
  }

  #queueOf({ input: { context } }: PendingJob): PendingJob[] {
    let queue = this.#byBinding.get(context.binding);
    if (queue === undefined) {
      queue = [];
      this.#byBinding.set(context.binding, queue);
    }
    return queue;
  }
}

/** One chain on its way through a pool of lanes. It settles once, whatever else happens. */
export class PendingJob {
  readonly id: number;
  /** The calls that are still to run, and their value. Plain data, as lanes get it. */
  input: ChainInput;
  /** The tools that its plugins may call, for the gateway's side of their capabilities. */
  readonly tools: Tools | undefined;
  /** Gets the time that it took in a lane, if it was aborted. */
  readonly #late: LateWork | undefined;
  /** The HTTP request to the upstream, in which its plugins may set headers. */
  readonly upstreamRequest: UpstreamRequest | undefined;
  attempts = 0;
  isSettled = false;
  readonly #calls: readonly HookCall[];
  /** The failures that no lane could report, by the place of their call. */
  #failures: Map<number, CallReport> | undefined;
  /** The places of the calls of `input` among all calls, once there are failures. */
  #places: readonly number[] | undefined;
  readonly #settled = Promise.withResolvers<ChainOutput>();
  readonly #signal: Cancellation | undefined;
  readonly #abort: (() => void) | undefined;

  constructor(id: number, input: ChainInput, signal?: Cancellation, aborted?: (job: PendingJob) => void) {
    const { calls, stage, context, value, state, shown } = input;
    this.id = id;
    this.tools = input.tools;
    this.#late = input.late;
    this.upstreamRequest = input.upstreamRequest;
    // A lane gets what is named here, and nothing else of the request.
    this.input = { calls, stage, context, value, state, shown } as ChainInput;
    this.#calls = calls;
    if (signal === undefined) return;
    this.#signal = signal;
    // A variable first: V8 allocates a function that is assigned directly to a member in the old generation, and from
    // there it keeps the whole request from being collected young.
    const abort = () => {
      this.reject(signal.reason);
      aborted?.(this);
    };
    this.#abort = abort;
    signal.addEventListener('abort', abort);
  }

  /** The weight of the value that is shown. */
  get weight(): number {
    return weightOf(this.input.value);
  }

  /** The call, for the gateway's side of capabilities that take its notes. */
  get heard(): HeardCall {
    const { context } = this.input;
    return this.upstreamRequest === undefined ? context : { ...context, upstreamRequest: this.upstreamRequest };
  }

  get output(): Promise<ChainOutput> {
    return this.#settled.promise;
  }

  /** Settles with the output of a lane, which is checked before anything relies on it. */
  resolve(returned: ChainOutput): void {
    this.#settle();
    const output = checkOutput(returned, this.input);
    if (this.#failures === undefined) this.#settled.resolve(output);
    else this.#settled.resolve({ ...output, reports: this.#merge(output.reports, this.#failures) });
  }

  /** Must be called when a lane has ended a chain that was aborted meanwhile, with the milliseconds of its calls. */
  endLate(ms: number): void {
    this.#late?.addLate(ms);
  }

  reject(reason: unknown): void {
    this.#settle();
    this.#settled.reject(reason);
  }

  /**
   * Records that call number `index` of `input` failed where the lane could no longer report it. The results of the
   * calls before it are lost with the lane, so they run again; those after it only if its failure does not end the
   * chain. Settles the job when no call is left to run.
   */
  failCall(index: number, cause: FailureCause, message: string, cost: CallCost): void {
    this.#places ??= [...this.#calls.keys()];
    this.#failures ??= new Map();
    const place = this.#places[index];
    const call = place === undefined ? undefined : this.#calls[place];
    if (place !== undefined && call !== undefined) {
      this.#failures.set(place, { plugin: call.plugin, ...cost, outcome: 'failed', cause, message });
      this.#places = this.#places.filter(other => other < place || (other > place && !call.stopOnFailure));
      this.input = { ...this.input, calls: this.#places.flatMap(other => this.#calls[other] ?? []) };
    }
    if (this.#places.length === 0 || call === undefined) this.resolve({ reports: [] });
  }

  /** Returns the reports of the calls that ran, with the failures at their places. */
  #merge(ran: readonly CallReport[], failures: ReadonlyMap<number, CallReport>): CallReport[] {
    const reports: CallReport[] = [];
    const rest = ran.values();
    for (const [place, call] of this.#calls.entries()) {
      const failure = failures.get(place);
      const report = failure ?? rest.next().value;
      if (report === undefined) break;
      reports.push(report);
      if (failure !== undefined && call.stopOnFailure) break;
    }
    return reports;
  }

  #settle(): void {
    this.isSettled = true;
    if (this.#abort !== undefined) this.#signal?.removeEventListener('abort', this.#abort);
  }
}
