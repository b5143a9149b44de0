/** A message: JSON text, and bytes that are not in it. */
export interface Letter {
  readonly text: string;
  readonly bytes: readonly (Uint8Array | undefined)[];
}

/** What a mailbox holds. Only the asking thread leaves `empty` and `answered`, and only the store thread `asked` and `taken`. */
const states = { empty: 0, asked: 1, taken: 2, answered: 3, lost: 4 } as const;

const headerWords = 4;
const firstBytes = 4096;
/** Reserved address space: two of the longest values that a grant allows, and room. Memory is used as letters need it. */
const mostBytes = 2 ** 25 + 2 ** 20;
const noBytes = -1;
/** How often a thread that waits looks whether the store thread has ended. */
const lookEveryMs = 100;

/**
 * Where one thread asks the store thread, in shared memory: one question at a time, and its answer in the same place. The
 * asking thread may end at any instruction: a question counts once its last word is written, and an answer that no
 * thread waits for stays where it is.
 */
export class Mailbox {
  readonly #words: Int32Array;
  readonly #buffer: SharedArrayBuffer;

  constructor(buffer: SharedArrayBuffer) {
    this.#buffer = buffer;
    this.#words = new Int32Array(buffer, 0, headerWords);
  }

  static create(): SharedArrayBuffer {
    return new SharedArrayBuffer(firstBytes, { maxByteLength: mostBytes });
  }

  /** Asks, and holds up this thread until the answer is there. @throws StoreDown */
  ask(question: Letter, bell: Bell): Letter {
    if (bell.isDown) throw new StoreDown();
    this.#write(question);
    Atomics.store(this.#words, 0, states.asked);
    bell.ring();
    for (;;) {
      const state = Atomics.load(this.#words, 0);
      if (state === states.answered || state === states.lost) {
        const answer = this.#read();
        Atomics.store(this.#words, 0, states.empty);
        if (state === states.lost) throw new StoreDown();
        return answer;
      }
      Atomics.wait(this.#words, 0, state, lookEveryMs);
      if (bell.isDown) this.#move(states.asked, states.lost);
    }
  }

  /** Takes the question, for the store thread; undefined if no question waits. */
  take(): Letter | undefined {
    return this.#move(states.asked, states.taken) ? this.#read() : undefined;
  }

  answer(answer: Letter): void {
    this.#write(answer);
    this.#finish(states.answered);
  }

  /** Ends the wait for a store thread that has ended. */
  lose(): void {
    if (this.#move(states.asked, states.lost) || this.#move(states.taken, states.lost)) Atomics.notify(this.#words, 0);
  }

  #finish(state: number): void {
    Atomics.store(this.#words, 0, state);
    Atomics.notify(this.#words, 0);
  }

  #move(from: number, to: number): boolean {
    return Atomics.compareExchange(this.#words, 0, from, to) === from;
  }

  #write({ text, bytes: [first, second] }: Letter): void {
    const encoded = Buffer.from(text);
    const start = headerWords * 4;
    const end = start + encoded.length + (first?.length ?? 0) + (second?.length ?? 0);
    if (end > mostBytes) throw new Error('the request or its answer is too long for the store');
    if (end > this.#buffer.byteLength) this.#buffer.grow(Math.min(mostBytes, 2 ** Math.ceil(Math.log2(end))));
    const room = new Uint8Array(this.#buffer);
    room.set(encoded, start);
    if (first !== undefined) room.set(first, start + encoded.length);
    if (second !== undefined) room.set(second, end - second.length);
    this.#words[1] = encoded.length;
    this.#words[2] = first?.length ?? noBytes;
    this.#words[3] = second?.length ?? noBytes;
  }

  #read(): Letter {
    const [, textLength = 0, first = noBytes, second = noBytes] = this.#words;
    let at = headerWords * 4;
    const next = (length: number): Uint8Array | undefined => {
      if (length < 0) return undefined;
      at += length;
      return new Uint8Array(this.#buffer).slice(at - length, at);
    };
    const text = Buffer.from(next(textLength) ?? []).toString('utf8');
    return { text, bytes: [next(first), next(second)] };
  }
}

/** The store thread does not run. */
class StoreDown extends Error {
  override readonly name = 'StoreDown';

  constructor() {
    super('the thread of the store has ended');
  }
}

/**
 * Wakes the store thread, in shared memory: the first word counts questions, and the second is 1 while that thread does not
 * run.
 */
export class Bell {
  static readonly bytes = 8;
  readonly #words: Int32Array;

  constructor(buffer: SharedArrayBuffer) {
    this.#words = new Int32Array(buffer);
  }

  get isDown(): boolean {
    return Atomics.load(this.#words, 1) === 1;
  }

  set isDown(value: boolean) {
    Atomics.store(this.#words, 1, value ? 1 : 0);
  }

  ring(): void {
    Atomics.add(this.#words, 0, 1);
    Atomics.notify(this.#words, 0);
  }

  /** How often it was rung. */
  get count(): number {
    return Atomics.load(this.#words, 0);
  }

  /** Waits until it is rung more often than `count`, or until the time is over. */
  wait(count: number, ms: number): void {
    Atomics.wait(this.#words, 0, count, ms);
  }
}
