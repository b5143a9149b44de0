import type { Log } from '../core/log.ts';

export interface BreakerSettings {
  /** So many failures in a row, with no success between them, open it. */
  readonly failures: number;
  /** So long it stays open before one call is let through to find out (milliseconds). */
  readonly openMs: number;
}

/**
 * Keeps calls away from a plugin that keeps failing, so that nobody waits for a failure that is certain. Only failures
 * in a row count: a plugin that serves honest requests stays in place, however often others make it fail.
 * One plugin has one breaker, whatever bindings it serves.
 */
export class Breaker {
  readonly #plugin: string;
  readonly #settings: BreakerSettings;
  readonly #log: Log;
  readonly #now: () => number;
  #inARow = 0;
  /** When the next call may be let through; undefined while it is closed. */
  #probeAt: number | undefined;
  #openSince: number | undefined;

  constructor(plugin: string, settings: BreakerSettings, log: Log, now: () => number = () => performance.now()) {
    this.#plugin = plugin;
    this.#settings = settings;
    this.#log = log;
    this.#now = now;
  }

  /** Since when calls are kept away, in milliseconds since the epoch; undefined while it is closed. */
  get openSince(): number | undefined {
    return this.#openSince;
  }

  /** Whether calls are kept away now. */
  get isOpen(): boolean {
    return this.#probeAt !== undefined && this.#now() < this.#probeAt;
  }

  /** Tells that a call goes out. While it is half open, the first is the probe, and it is open for all others. */
  enter(): void {
    if (this.#probeAt !== undefined) this.#probeAt = this.#now() + this.#settings.openMs;
  }

  succeeded(): void {
    if (this.#probeAt !== undefined) this.#log.warn({ plugin: this.#plugin }, 'the plugin serves again');
    this.#inARow = 0;
    this.#probeAt = undefined;
    this.#openSince = undefined;
  }

  failed(): void {
    this.#inARow += 1;
    if (this.#inARow < this.#settings.failures) return;
    if (this.#probeAt === undefined) {
      const failures = this.#inARow;
      this.#log.error({ plugin: this.#plugin, failures }, 'the plugin keeps failing: its calls are held back');
    }
    this.#openSince ??= Date.now();
    this.#probeAt = this.#now() + this.#settings.openMs;
  }
}
