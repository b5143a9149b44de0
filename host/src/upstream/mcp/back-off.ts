import { setTimeout as delay } from 'node:timers/promises';
import { fail } from '../../core/fault.ts';

/** Milliseconds before an attempt: none for the second one, then doubling. A request waits up to `longestWait` for it. */
const pause = { first: 250, most: 30_000, longestWait: 1_000 };

/** Spaces out attempts to connect that keep failing. */
export class BackOff {
  /** Whether the latest attempt failed. A field and not an accessor, because each request reads it. */
  hasFailed = false;
  #failures = 0;
  #notBefore = 0;
  #reason: unknown;

  /** The reason of the latest failure; undefined when there is none. */
  get reason(): unknown {
    return this.#reason;
  }

  failed(reason?: unknown): void {
    this.hasFailed = true;
    this.#failures += 1;
    this.#reason = reason;
    const ms = Math.min(pause.first * 2 ** (this.#failures - 2), pause.most);
    this.#notBefore = this.#failures < 2 ? 0 : Date.now() + ms;
  }

  /** Starts over: the next failure counts as the first. */
  succeeded(): void {
    this.hasFailed = false;
    this.#failures = 0;
    this.#notBefore = 0;
    this.#reason = undefined;
  }

  /**
   * Waits until the next attempt may begin.
   * @throws Fault `upstream_unavailable` when that is longer than a request waits; the reason of `signal`
   */
  async pass(upstream: string, signal: AbortSignal): Promise<void> {
    const wait = this.#notBefore - Date.now();
    if (wait > pause.longestWait) {
      const hint = `it failed ${this.#failures} times in a row; the next attempt is in ${Math.ceil(wait / 1_000)} s`;
      fail('upstream_unavailable', { upstream, hint }, this.#reason);
    }
    if (wait > 0) await delay(wait, undefined, { signal }).catch(() => signal.throwIfAborted());
  }
}
