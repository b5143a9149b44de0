import type { FailureCause } from '../contract/hook-call.ts';
import type { Log } from '../core/log.ts';

/** A plugin that is currently not called. */
export interface PluginTrouble {
  readonly plugin: string;
  /** Whether its breaker holds it back, or its `on_error` disabled it. */
  readonly state: 'held_back' | 'disabled';
  /** Since when, in milliseconds since the epoch. */
  readonly since: number;
  /** The cause of the failure after which it is not called. */
  readonly cause: FailureCause | undefined;
}

export interface BreakerSettings {
  /** The number of consecutive failures after which the plugin is held back. */
  readonly failures: number;
  /** The milliseconds that it is held back before one call is let through as a probe. */
  readonly openMs: number;
  /** Called when the plugin begins to be held back. */
  readonly onOpen?: (() => void) | undefined;
}

/**
 * Decides whether a plugin is called: not while its breaker holds it back, and not after its `on_error` disabled it.
 * All bindings of a plugin share its health.
 *
 * The breaker keeps calls away from a plugin that keeps failing, so that no client waits for a certain failure. Only
 * consecutive failures count: a plugin that serves honest requests stays active, however often others make it fail.
 */
export class PluginHealth {
  readonly #plugin: string;
  readonly #log: Log;
  #breaker: BreakerSettings | undefined;
  readonly #now: () => number;
  #inARow = 0;
  /** When the next probe may be let through; undefined while calls pass. */
  #probeAt: number | undefined;
  #heldBackSince: number | undefined;
  #disabledSince: number | undefined;
  /** The cause of the failure that began the trouble. */
  #cause: FailureCause | undefined;
  /** The number of calls in shadow that were not made. */
  dropped = 0;

  /** @param breaker if absent, every call is made */
  constructor(plugin: string, log: Log, breaker?: BreakerSettings, now: () => number = () => performance.now()) {
    this.#plugin = plugin;
    this.#log = log;
    this.#breaker = breaker;
    this.#now = now;
  }

  /** Returns why the plugin is currently not called; undefined if it is. */
  get trouble(): PluginTrouble | undefined {
    const since = this.#disabledSince ?? this.#heldBackSince;
    if (since === undefined) return undefined;
    return { plugin: this.#plugin, state: this.isDisabled ? 'disabled' : 'held_back', since, cause: this.#cause };
  }

  get isDisabled(): boolean {
    return this.#disabledSince !== undefined;
  }

  /** Whether the breaker currently keeps calls away. */
  get isHeldBack(): boolean {
    return this.#probeAt !== undefined && this.#now() < this.#probeAt;
  }

  /** Changes the settings of the breaker. Failures so far still count. */
  changeTo(breaker: BreakerSettings): void {
    this.#breaker = breaker;
  }

  /** Disables the plugin in every binding until the gateway restarts, or the plugin is changed. */
  disable(cause: FailureCause, message: string): void {
    if (this.isDisabled) return;
    this.#disabledSince = Date.now();
    this.#cause = cause;
    const about = { plugin: this.#plugin, cause, message };
    this.#log.error(about, 'plugin disabled after a failure, because of its on_error');
  }

  /** Calls the plugin again, because an operator asked for it. */
  reset(): void {
    if (this.trouble !== undefined) this.#log.warn({ plugin: this.#plugin }, 'plugin is called again, as requested');
    this.#inARow = 0;
    this.#probeAt = undefined;
    this.#heldBackSince = undefined;
    this.#disabledSince = undefined;
    this.#cause = undefined;
    this.dropped = 0;
  }

  /** Records that a call is made. The first call after the hold is the probe. */
  enter(): void {
    if (this.#breaker !== undefined && this.#probeAt !== undefined) this.#probeAt = this.#now() + this.#breaker.openMs;
  }

  succeeded(): void {
    if (this.#probeAt !== undefined) this.#log.warn({ plugin: this.#plugin }, 'plugin works again: calls resume');
    this.#inARow = 0;
    this.#probeAt = undefined;
    this.#heldBackSince = undefined;
  }

  failed(cause: FailureCause): void {
    if (this.#breaker === undefined) return;
    this.#inARow += 1;
    const failures = this.#inARow;
    if (failures < this.#breaker.failures) return;
    if (this.#probeAt === undefined) {
      this.#log.error({ plugin: this.#plugin, failures }, 'plugin keeps failing: its calls are held back');
      this.#breaker.onOpen?.();
    }
    if (this.trouble === undefined) this.#cause = cause;
    this.#heldBackSince ??= Date.now();
    this.#probeAt = this.#now() + this.#breaker.openMs;
  }
}
