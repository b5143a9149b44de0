/** A `wasi:io/poll` pollable that becomes ready at a moment (milliseconds of performance.now), or is so at once. */
export class Pollable {
  readonly #at: number;

  /** When it becomes ready, in milliseconds of performance.now. Infinity where something else than time decides. */
  get at(): number {
    return this.#at;
  }

  constructor(at = 0) {
    this.#at = at;
  }

  ready(): boolean {
    return performance.now() >= this.#at;
  }

  /** Holds up the lane's thread, and no other; the deadline of the hook call ends it. */
  block(): void | Promise<void> {
    const wait = this.#at - performance.now();
    if (wait > 0) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, wait);
  }

  /** Waits until one of `list` is ready, and returns the indexes of those that are (wasi:io/poll, `poll`). */
  static poll(list: readonly Pollable[]): Uint32Array {
    list.toSorted((one, other) => one.#at - other.#at)[0]?.block();
    return Uint32Array.from([...list.keys()].filter(index => list[index]?.ready()));
  }
}
