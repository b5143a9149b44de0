import { setImmediate as turn } from 'node:timers/promises';
import type { Cancellation } from '../../core/canceller.ts';
import { fail } from '../../core/fault.ts';
import { fileProblem } from '../../core/file-problem.ts';
import type { Json } from '../../core/json.ts';
import { KeptNumber } from '../../core/json-number.ts';
import { LineFile } from '../../core/line-file.ts';
import type { Log } from '../../core/log.ts';
import type { Metrics, Series } from '../../core/metrics.ts';
import { RepeatedWarning } from '../../core/repeated-warning.ts';
import type { SecretMask } from '../../core/secret-mask.ts';
import { KeyedHashes, openKey } from './keyed-hash.ts';
import { type HookCallRecord, lineOf } from './receipt-line.ts';

/** Receives the record of each hook call. */
export interface ReceiptRecorder {
  /** Takes a record, or drops and counts it if there is no room and calls do not wait. Never fails. */
  add(record: HookCallRecord): void;
  /**
   * Returns a promise that resolves when the queue has room, if it is full and calls wait for it; otherwise undefined.
   * @throws the signal's reason when it aborts
   */
  room(signal?: Cancellation): Promise<void> | undefined;
}

export interface ReceiptLogOptions {
  /** The file of receipts, absolute. */
  readonly file: string;
  /** The file with the key of the hashes, absolute. It is created if it is missing. */
  readonly keyFile: string;
  /** The number of receipts that may wait to be written. */
  readonly queue: number;
  /** Whether a hook call waits for room in the queue, or its receipt is dropped. */
  readonly whenFull: 'block' | 'drop';
  readonly metrics: Metrics;
  readonly log: Log;
  readonly mask: SecretMask;
}

/** Receipts are collected for this time, in milliseconds, because each write ends with a sync of the disk. */
const collectMs = 50;
/** How long the main thread hashes before it does something else, in milliseconds. */
const sliceMs = 5;
/** The characters of values that may wait to be hashed, and those of lines that are written at once. */
const mostCharacters = 16 * 2 ** 20;
const longestWrite = 2 ** 20;
/** The characters of the values of one change that are compared. Hashing larger ones takes long enough. */
const mostCompared = 2 ** 20;

interface Waiting {
  readonly record: HookCallRecord;
  readonly characters: number;
  /** The number of receipts that were dropped before it. */
  readonly dropped: number;
}

/**
 * Writes one line for each hook call, away from the call: a queue keeps the values that changed until they are hashed,
 * after the call has gone on. Nothing that was taken is lost when the gateway closes.
 */
export class ReceiptLog implements ReceiptRecorder, AsyncDisposable {
  readonly #options: ReceiptLogOptions;
  readonly #hashes: KeyedHashes;
  readonly #lines: LineFile;
  readonly #counted: { readonly written: Series; readonly dropped: Series };
  readonly #queue: Waiting[] = [];
  /** The lines that were formatted and are not being written yet. */
  #text = '';
  /** The number of receipts that are not on the disk yet. */
  #waiting = 0;
  /** The characters of the values in the queue. */
  #characters = 0;
  /** The number of receipts that were dropped since the last one that was taken. */
  #dropped = 0;
  #writing: Promise<void> | undefined;
  /** Ends the time in which receipts are collected. */
  #endCollecting: (() => void) | undefined;
  #isClosing = false;
  /** Lets in the calls that wait for room, in their order. */
  readonly #atTheDoor = new Set<() => void>();
  readonly #onExit = () => this.#writeNow();

  /** Opens the file and the key. @throws Fault `receipts_unusable` */
  constructor(options: ReceiptLogOptions) {
    const { file, keyFile, metrics, log } = options;
    this.#options = options;
    this.#hashes = new KeyedHashes(openKey(keyFile));
    const warning = new RepeatedWarning(log, 'receipts cannot be written; trying again');
    this.#lines = openReceipts(file, error => warning.write('', { file, reason: fileProblem(error) }));
    this.#counted = countersIn(metrics);
    process.on('exit', this.#onExit);
  }

  /** Opens the file again by its name, after log rotation moved the old one away. @throws Fault `receipts_unusable` */
  reopen(): void {
    usable(this.#options.file, () => this.#lines.reopen());
  }

  add(record: HookCallRecord): void {
    if (this.#options.whenFull === 'drop' && this.#isFull) {
      this.#dropped += 1;
      this.#counted.dropped.add(1);
      return;
    }
    const characters = charactersOf(record.change?.before, record.change?.after, record.answer);
    this.#queue.push({ record, characters, dropped: this.#dropped });
    this.#dropped = 0;
    this.#waiting += 1;
    this.#characters += characters;
    if (this.#isHalfFull) this.#endCollecting?.();
    this.#writing ??= this.#write();
  }

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

  /** Writes all receipts, and closes the file. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosing = true;
    this.#endCollecting?.();
    this.#lines.stopWaiting();
    await this.#writing;
    process.off('exit', this.#onExit);
    this.#lines.close();
  }

  get #isFull(): boolean {
    return this.#waiting >= this.#options.queue || this.#characters >= mostCharacters;
  }

  get #isHalfFull(): boolean {
    return this.#waiting * 2 >= this.#options.queue || this.#characters * 2 >= mostCharacters;
  }

  async #write(): Promise<void> {
    while (this.#queue.length > 0) {
      await this.#collect();
      const count = await this.#format();
      const lines = this.#text;
      this.#text = '';
      try {
        await this.#lines.append(lines);
        this.#counted.written.add(count);
      } catch {
        this.#counted.dropped.add(count);
        this.#options.log.error({ file: this.#options.file, lost: count }, 'receipts are lost');
      }
      this.#waiting -= count;
      this.#letIn();
    }
    this.#writing = undefined;
  }

  /** Waits a little for more receipts, unless there are many. */
  async #collect(): Promise<void> {
    if (this.#isClosing || this.#isHalfFull) return turn();
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#endCollecting = resolve;
    const timer = setTimeout(resolve, collectMs).unref();
    await promise;
    clearTimeout(timer);
    this.#endCollecting = undefined;
  }

  /** Turns records into lines, a few at a time. Returns their number. */
  async #format(): Promise<number> {
    let count = 0;
    let beganMs = performance.now();
    while (this.#queue.length > 0 && this.#text.length < longestWrite) {
      this.#formatNext();
      count += 1;
      if (performance.now() - beganMs < sliceMs) continue;
      await turn();
      beganMs = performance.now();
    }
    return count;
  }

  #formatNext(): void {
    const next = this.#queue.shift();
    if (next === undefined) return;
    const { record, characters, dropped } = next;
    this.#characters -= characters;
    try {
      const { change } = record;
      const isLarge = change !== undefined && characters > mostCompared;
      const line = lineOf(isLarge ? { ...record, change: { ...change, isLarge } } : record, this.#hashes);
      const code = line.code && { code: this.#options.mask.text(line.code) };
      this.#text += `${JSON.stringify({ ...line, ...code, ...(dropped > 0 && { dropped }) })}\n`;
    } catch (error) {
      // Whatever a plugin returned, it must not end the gateway.
      this.#counted.dropped.add(1);
      this.#options.log.error({ request: record.request, plugin: record.receipt.plugin, error }, 'a receipt is lost');
    }
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
      while (this.#queue.length > 0) this.#formatNext();
      this.#lines.appendNow(this.#text);
    } catch {}
  }
}

/** Opens a file of receipts. @throws Fault `receipts_unusable` */
export const openReceipts = (file: string, onProblem: (error: unknown) => void = () => {}): LineFile =>
  usable(file, () => new LineFile(file, onProblem));

/** @throws Fault `receipts_unusable` */
function usable<T>(file: string, open: () => T): T {
  try {
    return open();
  } catch (error) {
    return fail('receipts_unusable', { file, reason: fileProblem(error) }, error);
  }
}

function countersIn(metrics: Metrics): { readonly written: Series; readonly dropped: Series } {
  const counter = (name: string, help: string) => {
    metrics.declare(name, { type: 'counter', help });
    return metrics.series(name, {});
  };
  return {
    written: counter('sallyport_receipts_total', 'Receipts of hook calls that were written.'),
    dropped: counter('sallyport_receipts_dropped_total', 'Receipts of hook calls that were dropped or lost.'),
  };
}

/** Returns roughly how much room values take, in characters. */
function charactersOf(...values: readonly (Json | undefined)[]): number {
  let characters = 0;
  const left: (Json | undefined)[] = [...values];
  while (left.length > 0) {
    const value = left.pop();
    characters += typeof value === 'string' ? value.length : 8;
    if (typeof value !== 'object' || value === null || value instanceof KeptNumber) continue;
    for (const member of Object.values(value)) left.push(member);
  }
  return characters;
}
