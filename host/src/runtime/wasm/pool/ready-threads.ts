import type { Worker } from 'node:worker_threads';
import { startThread } from './thread-or-process.ts';

/**
 * Threads that load the code of lanes while the gateway is still loading its plugins. Each lane that starts takes one.
 * Disposing ends those that were not taken.
 */
export class ReadyThreads implements AsyncDisposable {
  readonly #threads: Worker[];

  constructor(count: number) {
    this.#threads = Array.from({ length: count }, () => {
      const thread = startThread();
      // A thread that breaks before it is taken is only dropped.
      thread.on('error', () => {}).once('exit', () => this.#forget(thread));
      return thread;
    });
  }

  /** Returns a thread that has loaded or is loading; undefined if none is left. */
  take(): Worker | undefined {
    return this.#threads.shift();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#threads.splice(0).map(thread => thread.terminate()));
  }

  #forget(thread: Worker): void {
    const place = this.#threads.indexOf(thread);
    if (place >= 0) this.#threads.splice(place, 1);
  }
}
