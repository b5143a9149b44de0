/** A part that a generation holds. Disposing gives it back. */
export interface HeldPart<T> extends AsyncDisposable {
  readonly part: T;
  /** Whether it was open already. */
  readonly isReused: boolean;
}

interface Counted<T> {
  readonly opening: Promise<T>;
  holders: number;
}

/**
 * Parts of one kind by everything that they were made of, as text. A generation that needs a part of the same makings as
 * one that is open gets that one. A part is closed when nothing holds it any more.
 */
export class PartPool<T extends AsyncDisposable> {
  readonly #parts = new Map<string, Counted<T>>();

  /** The number of parts that are open. */
  get size(): number {
    return this.#parts.size;
  }

  /** Returns the part of these makings, and opens it unless it is open. It must be given back. @throws what `open` throws */
  async hold(key: string, open: () => T | Promise<T>): Promise<HeldPart<T>> {
    const known = this.#parts.get(key);
    const counted = known ?? { opening: (async () => open())(), holders: 0 };
    this.#parts.set(key, counted);
    counted.holders += 1;
    try {
      const part = await counted.opening;
      return {
        ...{ part, isReused: known !== undefined },
        [Symbol.asyncDispose]: () => this.#giveBack(key, counted),
      };
    } catch (error) {
      if (this.#parts.get(key) === counted) this.#parts.delete(key);
      throw error;
    }
  }

  async #giveBack(key: string, counted: Counted<T>): Promise<void> {
    counted.holders -= 1;
    if (counted.holders > 0) return;
    this.#parts.delete(key);
    const part = await counted.opening;
    await part[Symbol.asyncDispose]();
  }
}
