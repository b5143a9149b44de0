import type { FailureCause } from '../contract/hook-call.ts';
import type { Log } from '../core/log.ts';

/** A plugin that is not called at present. */
export interface PluginTrouble {
  readonly plugin: string;
  /** Held back by its breaker, or left out by its `on_error`. */
  readonly state: 'held_back' | 'disabled';
  /** Milliseconds since the epoch. */
  readonly since: number;
}

export interface BreakerSettings {
  /** So many failures in a row, with no success between them, hold the plugin back. */
  readonly failures: number;
  /** Milliseconds that it is held back before one call is let through to find out. */
  readonly openMs: number;
}

/**
 * Whether a plugin is called: not while it is held back by its breaker, and not after its `on_error` disabled it. One
 * plugin has one health, whatever bindings it serves.
 *
 * The breaker keeps calls away from a plugin that keeps failing, so that no client waits for a certain failure. Only
 * failures in a row count: a plugin that serves honest requests stays in place, however often others make it fail.
 */
export class PluginHealth {
  readonly #plugin: string;
  readonly #log: Log;
  readonly #breaker: BreakerSettings | undefined;
  readonly #now: () => number;
  #inARow = 0;
  /** When the next call may be let through; undefined while calls pass. */
  #probeAt: number | undefined;
  #heldBackSince: number | undefined;
  #disabledSince: number | undefined;

  /** @param breaker every call is made without one */
  constructor(plugin: string, log: Log, breaker?: BreakerSettings, now: () => number = () => performance.now()) {
    this.#plugin = plugin;
    this.#log = log;
    this.#breaker = breaker;
    this.#now = now;
  }

  /** Why the plugin is not called at present; undefined when it is. */
  get trouble(): PluginTrouble | undefined {
    const since = this.#disabledSince ?? this.#heldBackSince;
    if (since === undefined) return undefined;
    return { plugin: this.#plugin, state: this.isDisabled ? 'disabled' : 'held_back', since };
  }

  get isDisabled(): boolean {
    return this.#disabledSince !== undefined;
  }

  /** Whether the breaker keeps calls away now. */
  get isHeldBack(): boolean {
    return this.#probeAt !== undefined && this.#now() < this.#probeAt;
  }

  /** Leaves the plugin out from now on, in every binding, until the gateway starts again. */
  disable(cause: FailureCause, message: string): void {
    if (this.isDisabled) return;
    this.#disabledSince = Date.now();
    const about = { plugin: this.#plugin, cause, message };
    this.#log.error(about, 'plugin disabled after a failure, because of its on_error');
  }

  /** Notes that a call goes out. After the time that the plugin was held back, the first call is the probe. */
  enter(): void {
    if (this.#breaker !== undefined && this.#probeAt !== undefined) this.#probeAt = this.#now() + this.#breaker.openMs;
  }

  succeeded(): void {
    if (this.#probeAt !== undefined) this.#log.warn({ plugin: this.#plugin }, 'plugin works again: its calls are made');
    this.#inARow = 0;
    this.#probeAt = undefined;
    this.#heldBackSince = undefined;
  }

  failed(): void {
    if (this.#breaker === undefined) return;
    this.#inARow += 1;
    const failures = this.#inARow;
    if (failures < this.#breaker.failures) return;
    if (this.#probeAt === undefined) {
      this.#log.error({ plugin: this.#plugin, failures }, 'the plugin keeps failing: its calls are held back');
    }
    this.#heldBackSince ??= Date.now();
    this.#probeAt = this.#now() + this.#breaker.openMs;
  }
}
