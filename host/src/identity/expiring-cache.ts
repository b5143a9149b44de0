/** A value, and the time in milliseconds from which it counts no more. */
interface Kept<T> {
  readonly value: T;
  readonly until: number;
}

/**
 * Keeps a bounded number of values until they expire. Two maps take turns: when the younger one is full, it becomes the
 * older one, whose values are dropped unless they were used since. Removing single entries would leave V8 garbage in the
 * old generation (see PlacedSet).
 */
export class ExpiringCache<T> {
  readonly #most: number;
  #younger = new Map<string, Kept<T>>();
  #older: ReadonlyMap<string, Kept<T>> = new Map();

  /** @param most the maximum number of values */
  constructor(most: number) {
    this.#most = most;
  }

  get(key: string, now: number): T | undefined {
    const young = this.#younger.get(key);
    const kept = young ?? this.#older.get(key);
    if (kept === undefined || kept.until <= now) return undefined;
    if (young === undefined) this.#add(key, kept);
    return kept.value;
  }

  set(key: string, value: T, until: number): void {
    this.#add(key, { value, until });
  }

  #add(key: string, kept: Kept<T>): void {
    if (this.#younger.size >= this.#most / 2) {
      this.#older = this.#younger;
      this.#younger = new Map();
    }
    this.#younger.set(key, kept);
  }
}
