import { setImmediate as turn } from 'node:timers/promises';
import type { Cancellation } from './canceller.ts';
import type { LineOutput } from './line-output.ts';

/** A line that is made when it is written, away from the work that it is about. */
export interface LateLine {
  /** Roughly how much room it takes until then. */
  readonly characters: number;
  /** Returns the line, without its end. `dropped` lines were dropped before it. */
  format(dropped: number): string;
  /** Is called if `format` has thrown. */
  unusable(error: unknown): void;
}

export interface LineQueueOptions<Item> {
  readonly output: LineOutput;
  /** The number of items that may wait to be written. */
  readonly queue: number;
  /** Whether the work that adds items waits for room, or the items are dropped. */
  readonly whenFull: 'block' | 'drop';
  /** The characters in the queue beyond which items are dropped even if work waits for room, because not all work does. */
  readonly mostCharacters?: number;
  /** Returns the line of an item, without its end. `dropped` items were dropped before it. */
  format(item: Item, dropped: number): string;
  /** Receives the number of items that are on the disk now. */
  written(count: number): void;
  /** Receives the number of items that are dropped. */
  dropped(count: number): void;
  /** Receives an item that could not be turned into a line. */
  unusable(item: Item, error: unknown): void;
  /** Receives the lines that the output refused while the queue closed. */
  lost(lines: readonly string[]): void;
}

/** Items are collected for this time, in milliseconds, because each write ends with a sync of the disk. */
const collectMs = 50;
/** How long the main thread formats before it does something else, in milliseconds. */
const sliceMs = 5;
/** The characters that may wait to be formatted, and those of lines that are written at once. */
const mostCharacters = 16 * 2 ** 20;
const longestWrite = 2 ** 20;
/** The items that were taken and may stay in the array. */
const mostTaken = 64;

interface Waiting<Item> {
  readonly item: Item;
  readonly characters: number;
  /** The number of items that were dropped before it. */
  readonly dropped: number;
}

/**
 * Writes a line for each item, away from the work that adds it, and with one sync of the disk for many lines. Nothing
 * that was taken is lost when the queue closes, or the process exits.
 */
export class LineQueue<Item> implements AsyncDisposable {
  readonly #options: LineQueueOptions<Item>;
  /** The items that wait, after those that were taken. */
  #queue: Waiting<Item>[] = [];
  #taken = 0;
  /** The lines that were formatted and are not being written yet, and their length. */
  #lines: string[] = [];
  #length = 0;
  /** The number of items that are not on the disk yet. */
  #waiting = 0;
  /** The characters of the items in the queue. */
  #characters = 0;
  /** The number of items that were dropped since the last one that was taken. */
  #dropped = 0;
  #writing: Promise<void> | undefined;
  /** Ends the time in which items are collected. */
  #endCollecting: (() => void) | undefined;
  #isClosing = false;
  /** Lets in the work that waits for room, in its order. */
  readonly #atTheDoor = new Set<() => void>();
  readonly #onExit = () => this.#writeNow();

  constructor(options: LineQueueOptions<Item>) {
    this.#options = options;
    process.on('exit', this.#onExit);
  }

  /** Queues an item of this length. Without room for it, it is dropped and counted, if the options say so. Never fails. */
  add(item: Item, characters: number): void {
    const { whenFull, mostCharacters: most = Infinity, dropped } = this.#options;
    if (whenFull === 'drop' ? this.#isFull : this.#characters >= most) {
      this.#dropped += 1;
      dropped(1);
      return;
    }
    this.#queue.push({ item, characters, dropped: this.#dropped });
    this.#dropped = 0;
    this.#waiting += 1;
    this.#characters += characters;
    if (this.#isHalfFull) this.#endCollecting?.();
    this.#writing ??= this.#write();
  }

  /**
   * Returns a promise that resolves when the queue has room, if it is full and work waits for it; otherwise undefined.
   * @throws the signal's reason when it aborts
   */
  room(signal?: Cancellation): Promise<void> | undefined {
    if (this.#options.whenFull === 'drop' || !this.#isFull) return undefined;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const leave = () => {
      this.#atTheDoor.delete(enter);
      signal?.removeEventListener('abort', abort);
    };
    const enter = () => {
      leave();
      resolve();
    };
    const abort = () => {
      leave();
      reject(signal?.reason);
    };
    this.#atTheDoor.add(enter);
    signal?.addEventListener('abort', abort);
    if (signal?.aborted) abort();
    return promise;
  }

  /** Opens the file again by its name, after log rotation moved the old one away. @throws the system's error */
  reopen(): void {
    this.#options.output.reopen();
  }

  /** Writes all items, and closes the output. */
  async [Symbol.asyncDispose](): Promise<void> {
    const { output } = this.#options;
    this.#isClosing = true;
    this.#endCollecting?.();
    output.stopWaiting();
    await this.#writing;
    process.off('exit', this.#onExit);
    await output.close();
  }

  get #isFull(): boolean {
    return this.#waiting >= this.#options.queue || this.#characters >= mostCharacters;
  }

  get #isHalfFull(): boolean {
    return this.#waiting * 2 >= this.#options.queue || this.#characters * 2 >= mostCharacters;
  }

  async #write(): Promise<void> {
    const { output, written, lost } = this.#options;
    while (this.#hasNext) {
      await this.#collect();
      const count = await this.#format();
      const lines = this.#lines;
      this.#lines = [];
      this.#length = 0;
      try {
        await output.append(lines);
        written(count);
      } catch {
        lost(lines);
      }
      this.#waiting -= count;
      this.#letIn();
    }
    this.#writing = undefined;
  }

  /** Waits a little for more items, unless there are many. */
  async #collect(): Promise<void> {
    if (this.#isClosing || this.#isHalfFull) return turn();
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#endCollecting = resolve;
    const timer = setTimeout(resolve, collectMs).unref();
    await promise;
    clearTimeout(timer);
    this.#endCollecting = undefined;
  }

  /** Turns items into lines, a few at a time. Returns their number. */
  async #format(): Promise<number> {
    let count = 0;
    let beganMs = performance.now();
    while (this.#hasNext && this.#length < longestWrite) {
      this.#formatNext();
      count += 1;
      if (performance.now() - beganMs < sliceMs) continue;
      await turn();
      beganMs = performance.now();
    }
    return count;
  }

  #formatNext(): void {
    const next = this.#take();
    if (next === undefined) return;
    const { item, characters, dropped } = next;
    this.#characters -= characters;
    try {
      const line = this.#options.format(item, dropped);
      this.#lines.push(line);
      this.#length += line.length;
    } catch (error) {
      // Whatever a plugin returned, it must not end the gateway.
      this.#options.unusable(item, error);
    }
  }

  get #hasNext(): boolean {
    return this.#taken < this.#queue.length;
  }

  /** Takes the first item. Removing it from a long array each time would move all the others. */
  #take(): Waiting<Item> | undefined {
    const next = this.#queue[this.#taken];
    this.#taken += 1;
    if (this.#taken >= mostTaken && this.#taken * 2 >= this.#queue.length) {
      this.#queue = this.#queue.slice(this.#taken);
      this.#taken = 0;
    }
    return next;
  }

  #letIn(): void {
    for (const enter of this.#atTheDoor) {
      if (this.#isFull) return;
      enter();
    }
  }

  /** Writes what is waiting at once, because the process is ending. */
  #writeNow(): void {
    try {
      while (this.#hasNext) this.#formatNext();
      this.#options.output.appendNow(this.#lines);
    } catch {}
  }
}
