import type { PendingJob } from './job.ts';

/**
 * Chains that wait for a lane. Each binding has a line of its own and they take turns, so that one whose clients ask
 * for much holds up nobody but itself. Chains that were settled meanwhile (aborted) are passed over.
 */
export class FairQueue {
  readonly #lines = new Map<string, PendingJob[]>();
  #length = 0;

  get length(): number {
    return this.#length;
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

  /** At most `count`, one of each line in turn. A line that was served goes to the end. */
  take(count: number): PendingJob[] {
    const taken: PendingJob[] = [];
    while (taken.length < count && this.#lines.size > 0) {
      for (const [binding, line] of [...this.#lines]) {
        const job = this.#next(line);
        this.#lines.delete(binding);
        if (line.length > 0) this.#lines.set(binding, line);
        if (job !== undefined) taken.push(job);
        if (taken.length === count) break;
      }
    }
    return taken;
  }

  takeAll(): PendingJob[] {
    return this.take(Number.POSITIVE_INFINITY);
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
