/**
 * Where a lane's thread is, written by the lane and read by the gateway's thread when the lane does not answer:
 * the moment at which the current call began (or was woken), which job of the batch it belongs to, which call of that
 * job it is, and what it had used of the thread's CPU before that moment.
 */
export class Progress {
  static readonly bytes = 32;
  readonly #cells: Float64Array;

  constructor(buffer: SharedArrayBuffer) {
    this.#cells = new Float64Array(buffer);
  }

  /** Milliseconds since the epoch; the clocks of two threads have different origins but the same epoch. */
  static now(): number {
    return performance.timeOrigin + performance.now();
  }

  enter(job: number, call: number, usedMs = 0): void {
    this.#cells[1] = job;
    this.#cells[2] = call;
    this.#cells[3] = usedMs;
    this.#cells[0] = Progress.now();
  }

  leave(): void {
    this.#cells[0] = 0;
  }

  /** The call that runs now, or undefined when the lane is between calls. `call` is a plugin's index while starting. */
  read(): Moment | undefined {
    const [since = 0, job = 0, call = 0, usedMs = 0] = this.#cells;
    return since === 0 ? undefined : { since, job, call, usedMs };
  }
}

export interface Moment {
  readonly since: number;
  readonly job: number;
  readonly call: number;
  readonly usedMs: number;
}

/** The job number while a lane starts its instances. */
export const startingJob = -1;

/** A number that no job has. */
export const noJob = 0;
