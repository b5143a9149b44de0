/**
 * Where a lane's thread is, written by the lane and read by the gateway's thread when the lane does not answer:
 * the moment at which the current call began, which job of the batch it belongs to, and which call of that job it is.
 */
export class Progress {
  static readonly bytes = 24;
  readonly #cells: Float64Array;

  constructor(buffer: SharedArrayBuffer) {
    this.#cells = new Float64Array(buffer);
  }

  /** Milliseconds since the epoch; the clocks of two threads have different origins but the same epoch. */
  static now(): number {
    return performance.timeOrigin + performance.now();
  }

  enter(job: number, call: number): void {
    this.#cells[1] = job;
    this.#cells[2] = call;
    this.#cells[0] = Progress.now();
  }

  leave(): void {
    this.#cells[0] = 0;
  }

  /** The call that runs now, or undefined when the lane is between calls. `call` is a plugin's index while starting. */
  read(): { readonly since: number; readonly job: number; readonly call: number } | undefined {
    const [since = 0, job = 0, call = 0] = this.#cells;
    return since === 0 ? undefined : { since, job, call };
  }
}

/** The job number while a lane starts its instances. */
export const startingJob = -1;
