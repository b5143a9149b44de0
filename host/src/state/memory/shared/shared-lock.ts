/** Attempts before a thread sleeps: the work under the lock takes microseconds. */
const attempts = 100;
const sleepMs = 5;

/**
 * A lock in two words of shared memory. The first holds the number of its owner, or 0: so the gateway's thread can see
 * that a thread which ended had it. The second is 1 while threads sleep until it is free.
 */
export class SharedLock {
  readonly #words: Int32Array;
  readonly #owner: number;
  readonly #patienceMs: number;

  /** @param patienceMs how long `take` waits at most */
  constructor(buffer: SharedArrayBuffer, owner: number, patienceMs: number) {
    this.#words = new Int32Array(buffer, 0, 2);
    this.#owner = owner;
    this.#patienceMs = patienceMs;
  }

  get isOwn(): boolean {
    return this.isOf(this.#owner);
  }

  isOf(owner: number): boolean {
    return Atomics.load(this.#words, 0) === owner;
  }

  /** Takes it. @throws Error if others keep it for too long */
  take(): void {
    for (let attempt = 0; attempt < attempts; attempt += 1) if (this.#try()) return;
    const until = performance.now() + this.#patienceMs;
    while (!this.#try()) {
      if (performance.now() > until) throw new Error('the store is locked');
      const owner = Atomics.load(this.#words, 0);
      Atomics.store(this.#words, 1, 1);
      if (owner !== 0) Atomics.wait(this.#words, 0, owner, sleepMs);
    }
  }

  release(): void {
    Atomics.store(this.#words, 0, 0);
    if (Atomics.load(this.#words, 1) === 0) return;
    Atomics.store(this.#words, 1, 0);
    Atomics.notify(this.#words, 0);
  }

  #try(): boolean {
    return Atomics.compareExchange(this.#words, 0, 0, this.#owner) === 0;
  }
}
