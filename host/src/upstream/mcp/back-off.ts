import { setTimeout as delay } from 'node:timers/promises';
import { fail } from '../../core/fault.ts';

/** A first new try comes at once, the ones after it later and later. Milliseconds. */
const pause = { first: 250, most: 30_000, patience: 1_000 };

/** Spaces out attempts that keep failing. */
export class BackOff {
  /** Whether the latest attempt failed. A field and not an accessor, because each request reads it. */
  hasFailed = false;
  #failures = 0;
  #notBefore = 0;
  #reason: unknown;

  /** Why the latest attempt failed; undefined when it did not. */
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

  /** The next failure counts as the first one. */
  succeeded(): void {
    this.hasFailed = false;
    this.#failures = 0;
    this.#notBefore = 0;
    this.#reason = undefined;
  }

  /**
   * Waits until the next attempt may begin.
   * @throws Fault `upstream_unavailable` when that asks for more patience than a request has; the reason of `signal`
   */
  async pass(upstream: string, signal: AbortSignal): Promise<void> {
    const wait = this.#notBefore - Date.now();
    if (wait > pause.patience) {
      const hint = `it failed ${this.#failures} times in a row; the next attempt is in ${Math.ceil(wait / 1_000)} s`;
      fail('upstream_unavailable', { upstream, hint }, this.#reason);
    }
    if (wait > 0) await delay(wait, undefined, { signal }).catch(() => signal.throwIfAborted());
  }
}
