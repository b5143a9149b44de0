import type { Worker } from 'node:worker_threads';
import { startThread } from './lane-body.ts';

/**
 * Threads that load the code of lanes while the gateway is still loading its plugins. Whoever starts a lane takes one;
 * those that nobody took are ended with this.
 */
export class ReadyThreads implements AsyncDisposable {
  readonly #threads: Worker[];

  constructor(count: number) {
    this.#threads = Array.from({ length: count }, () => {
      const thread = startThread();
      // One that breaks before anybody took it is no use to anybody, and no harm.
      thread.on('error', () => {}).once('exit', () => this.#forget(thread));
      return thread;
    });
  }

  /** One that is loaded, or about to be; undefined when there is none left. */
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
