/**
 * What owners have used, by owner. Those that are as good as new are forgotten from time to time, so the table holds
 * little more than those that used something lately.
 */
export class UsageTable<U extends { readonly isUnused: boolean }> {
  readonly #usual: number;
  readonly #usages = new Map<string, U>();
  #forgetsAt: number;

  /** @param usual the number of owners up to which none is forgotten */
  constructor(usual = 10_000) {
    this.#usual = usual;
    this.#forgetsAt = usual;
  }

  get size(): number {
    return this.#usages.size;
  }

  get(owner: string): U | undefined {
    return this.#usages.get(owner);
  }

  /** Lists what each owner has used. */
  [Symbol.iterator](): Iterator<[owner: string, usage: U]> {
    return this.#usages[Symbol.iterator]();
  }

  /** Adds what an unknown owner has used, and returns it. */
  add(owner: string, usage: U): U {
    if (this.#usages.size >= this.#forgetsAt) this.#forgetUnused();
    this.#usages.set(owner, usage);
    return usage;
  }

  /** Looks at all owners, and again only when there are twice as many as are left: each new owner costs a constant time. */
  #forgetUnused(): void {
    for (const [owner, usage] of this.#usages) if (usage.isUnused) this.#usages.delete(owner);
    this.#forgetsAt = Math.max(this.#usual, this.#usages.size * 2);
  }
}
