/** When an instance counts as failed, and as recovered. */
export interface HealthRules {
  /** Failures in a row, of checks or requests, after which it gets no more work. */
  readonly failures: number;
  /** Checks in a row that it must pass then. */
  readonly successes: number;
}

/** An instance that has been healthy for this many milliseconds starts over. */
const stableMs = 10 * 60_000;
/** The maximum number of checks that an instance must pass. */
const mostSuccesses = 64;

/**
 * Whether an instance gets work. It loses it after some failures in a row, or at once where nothing listens at its
 * address, and gets it back after some successes in a row. Their number doubles with each failure that follows shortly
 * after a recovery, so that an instance that flaps is left alone for longer and longer.
 */
export class InstanceHealth {
  readonly #rules: HealthRules;
  readonly #onChange: (isHealthy: boolean) => void;
  readonly #now: () => number;
  #isHealthy = true;
  #failures = 0;
  #successes = 0;
  #outages = 0;
  #changedAt = Number.NEGATIVE_INFINITY;

  /** @param now milliseconds, never going back */
  constructor(rules: HealthRules, onChange: (isHealthy: boolean) => void, now: () => number = () => performance.now()) {
    this.#rules = rules;
    this.#onChange = onChange;
    this.#now = now;
  }

  get isHealthy(): boolean {
    return this.#isHealthy;
  }

  succeeded(): void {
    this.#failures = 0;
    if (this.#isHealthy) return;
    this.#successes += 1;
    if (this.#successes >= this.needed) this.#change(true);
  }

  /** @param isUnreachable whether nothing listens at its address, which needs no second failure to be sure */
  failed(isUnreachable: boolean): void {
    this.#successes = 0;
    if (!this.#isHealthy) return;
    this.#failures += 1;
    if (!isUnreachable && this.#failures < this.#rules.failures) return;
    const isStable = this.#now() - this.#changedAt > stableMs;
    this.#outages = isStable ? 1 : this.#outages + 1;
    this.#change(false);
  }

  /** The successes in a row after which it gets work again. */
  get needed(): number {
    return Math.min(this.#rules.successes * 2 ** (this.#outages - 1), mostSuccesses);
  }

  #change(isHealthy: boolean): void {
    this.#isHealthy = isHealthy;
    this.#failures = 0;
    this.#successes = 0;
    this.#changedAt = this.#now();
    this.#onChange(isHealthy);
  }
}
