/** Limits an amount per minute. A full bucket lets its whole amount pass at once, and refills evenly. */
export class TokenBucket {
  #perMinute: number;
  #most: number;
  readonly #now: () => number;
  #tokens: number;
  #filled: number;

  /**
   * @param now milliseconds, never going back
   * @param most what a full bucket holds: the amount of one minute, unless stated
   */
  constructor(perMinute: number, now: () => number = () => performance.now(), most: number = perMinute) {
    this.#perMinute = perMinute;
    this.#most = most;
    this.#now = now;
    this.#tokens = most;
    this.#filled = now();
  }

  /** Changes the amount per minute. As much of the new amount is used up as was of the one before. */
  changeTo(perMinute: number): void {
    this.#refill();
    const most = (this.#most / this.#perMinute) * perMinute;
    this.#tokens = this.#tokens > 0 ? (this.#tokens / this.#most) * most : this.#tokens;
    this.#perMinute = perMinute;
    this.#most = most;
  }

  /** Takes one unit. Returns false, and takes nothing, if less than one is left. */
  take(): boolean {
    this.#refill();
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }

  /** Takes an amount that has been used already, and so may leave less than nothing. A negative one is given back. */
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
  get isUnused(): boolean {
    this.#refill();
    return this.#tokens >= this.#most;
  }

  #refill(): void {
    const now = this.#now();
    this.#tokens = Math.min(this.#most, this.#tokens + ((now - this.#filled) * this.#perMinute) / 60_000);
    this.#filled = now;
  }
}
