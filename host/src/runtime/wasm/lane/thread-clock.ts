import process from 'node:process';

/**
 * Measures how much of the thread each job of a lane uses where calls wait for each other. A job that starts or
 * continues holds the thread, and is charged for what is used until the next one does. While all jobs wait, none is
 * charged: the clock is that of the thread's CPU. Times are milliseconds.
 */
export class ThreadClock {
  #read = ThreadClock.now();
  #holder: number | undefined;
  readonly #used = new Map<number, number>();

  static now(): number {
    const { user, system } = process.threadCpuUsage();
    return (user + system) / 1000;
  }

  /** Gives the thread to this job, or to none. Returns what the job has used before. */
  turn(job: number | undefined): number {
    this.#charge();
    this.#holder = job;
    return job === undefined ? 0 : (this.#used.get(job) ?? 0);
  }

  /** Returns what the job has used so far. */
  used(job: number): number {
    if (this.#holder === job) this.#charge();
    return this.#used.get(job) ?? 0;
  }

  /** Forgets a job that has ended, and returns what it used in all. */
  end(job: number): number {
    const used = this.used(job);
    this.#used.delete(job);
    if (this.#holder === job) this.#holder = undefined;
    return used;
  }

  #charge(): void {
    const now = ThreadClock.now();
    if (this.#holder !== undefined) {
      this.#used.set(this.#holder, (this.#used.get(this.#holder) ?? 0) + now - this.#read);
    }
    this.#read = now;
  }
}
