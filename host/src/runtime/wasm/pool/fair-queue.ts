import type { ChainInput } from '../../../contract/hook-call.ts';
import { fail } from '../../../core/fault.ts';
import { heaviest } from '../lane/payload.ts';
import { PendingJob } from './job.ts';

/**
 * Chains that wait for a lane. Each binding has a line of its own and they take turns, so that one whose clients ask
 * for much holds up nobody but itself. Chains that were settled meanwhile (aborted) are passed over.
 */
export class FairQueue {
  readonly #lines = new Map<string, PendingJob[]>();
  readonly #backlog: number;
  #length = 0;
  #jobs = 0;

  /** @param backlog chains that may wait */
  constructor(backlog: number) {
    this.#backlog = backlog;
  }

  get length(): number {
    return this.#length;
  }

  /**
   * A job for a chain that may wait here. One that need not wait is admitted however many do.
   * @throws Fault `overloaded`; the reason of a signal that has aborted
   */
  admit(input: ChainInput, signal: AbortSignal | undefined, needNotWait = false): PendingJob {
    signal?.throwIfAborted();
    if (!needNotWait && this.#length >= this.#backlog) {
      const hint = `${this.#length} hook calls are waiting for a lane: try again later, or raise \`limits.backlog\``;
      fail('overloaded', { waiting: this.#length, hint });
    }
    this.#jobs += 1;
    return new PendingJob(this.#jobs, input, signal);
  }

  push(job: PendingJob): void {
    this.#line(job).push(job);
    this.#length += 1;
  }

  /** Back to the front: these were on their way already. */
  putBack(jobs: readonly PendingJob[]): void {
    for (const job of jobs.toReversed()) {
      this.#line(job).unshift(job);
      this.#length += 1;
    }
  }

  /**
   * At most `count`, all of one line, which then goes to the end: what travels together in one message waits for each
   * other, so bindings are not mixed. Values that are heavy together do not travel together.
   */
  take(count: number): PendingJob[] {
    const taken: PendingJob[] = [];
    let weight = 0;
    for (const [binding, line] of [...this.#lines]) {
      while (taken.length < count && weight < heaviest) {
        const job = this.#next(line);
        if (job === undefined) break;
        taken.push(job);
        weight += job.weight;
      }
      this.#lines.delete(binding);
      if (line.length > 0) this.#lines.set(binding, line);
      if (taken.length > 0) break;
    }
    return taken;
  }

  takeAll(): PendingJob[] {
    const taken: PendingJob[] = [];
    while (this.#lines.size > 0) taken.push(...this.take(Number.POSITIVE_INFINITY));
    return taken;
  }

  #next(line: PendingJob[]): PendingJob | undefined {
    for (let job = line.shift(); job !== undefined; job = line.shift()) {
      this.#length -= 1;
      if (!job.isSettled) return job;
    }
    return undefined;
  }

  #line(job: PendingJob): PendingJob[] {
    const { binding } = job.input.context;
    const line = this.#lines.get(binding) ?? [];
    this.#lines.set(binding, line);
    return line;
  }
}
