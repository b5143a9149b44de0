import process from 'node:process';

/**
 * Who has used the thread of a lane in which calls wait for each other. Whoever is about to be woken takes the thread;
 * what it used until the next one does is its own. Nobody's time is charged while all wait: the clock is that of the
 * thread's CPU. Times are milliseconds.
 */
export class ThreadClock {
  #read = ThreadClock.now();
  #holder: number | undefined;
  readonly #used = new Map<number, number>();

  static now(): number {
    const { user, system } = process.threadCpuUsage();
    return (user + system) / 1000;
  }

  /** From here on the thread works for this job; undefined: for none. Yields what the job has used before. */
  turn(job: number | undefined): number {
    this.#charge();
    this.#holder = job;
    return job === undefined ? 0 : (this.#used.get(job) ?? 0);
  }

  /** What the job has used so far. */
  used(job: number): number {
    if (this.#holder === job) this.#charge();
    return this.#used.get(job) ?? 0;
  }

  /** The job is over: what it used in all. */
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
