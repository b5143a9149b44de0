/** Limits an amount per minute. A full bucket lets the amount of one minute pass at once, and refills evenly. */
export class TokenBucket {
  readonly #perMinute: number;
  readonly #now: () => number;
  #tokens: number;
  #filled: number;

  /** @param now milliseconds, never going back */
  constructor(perMinute: number, now: () => number = () => performance.now()) {
    this.#perMinute = perMinute;
    this.#now = now;
    this.#tokens = perMinute;
    this.#filled = now();
  }

  /** Takes one unit. Returns false, and takes nothing, if less than one is left. */
  take(): boolean {
    this.#refill();
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }

  /** Takes an amount that has been used already, and so may leave less than nothing. */
  charge(amount: number): void {
    this.#refill();
    this.#tokens -= amount;
  }

  /** Returns the milliseconds until one unit can be taken; 0 if now. */
  get waitMs(): number {
    this.#refill();
    return this.#tokens >= 1 ? 0 : ((1 - this.#tokens) * 60_000) / this.#perMinute;
  }

  /** Whether nothing was taken for so long that the bucket is as good as new. */
  get isFull(): boolean {
    this.#refill();
    return this.#tokens >= this.#perMinute;
  }

  #refill(): void {
    const now = this.#now();
    this.#tokens = Math.min(this.#perMinute, this.#tokens + ((now - this.#filled) * this.#perMinute) / 60_000);
    this.#filled = now;
  }
}
