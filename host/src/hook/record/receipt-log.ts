import type { Cancellation } from '../../core/canceller.ts';
import { fail } from '../../core/fault.ts';
import { fileProblem } from '../../core/file-problem.ts';
import type { Json } from '../../core/json.ts';
import { KeptNumber } from '../../core/json-number.ts';
import { LineFile } from '../../core/line-file.ts';
import { LineQueue } from '../../core/line-queue.ts';
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

/** The characters of the values of one change that are compared. Hashing larger ones takes long enough. */
const mostCompared = 2 ** 20;

interface Measured {
  readonly record: HookCallRecord;
  readonly characters: number;
}

/**
 * Writes one line for each hook call, away from the call: a queue keeps the values that changed until they are hashed,
 * after the call has gone on. Nothing that was taken is lost when the gateway closes.
 */
export class ReceiptLog implements ReceiptRecorder, AsyncDisposable {
  readonly #options: ReceiptLogOptions;
  readonly #hashes: KeyedHashes;
  readonly #queue: LineQueue<Measured>;

  /** Opens the file and the key. @throws Fault `receipts_unusable` */
  constructor(options: ReceiptLogOptions) {
    const { file, keyFile, queue, whenFull, metrics, log } = options;
    this.#options = options;
    this.#hashes = new KeyedHashes(openKey(keyFile));
    const warning = new RepeatedWarning(log, 'receipts cannot be written; trying again');
    const lines = openReceipts(file, error => warning.write('', { file, reason: fileProblem(error) }));
    const counted = countersIn(metrics);
    this.#queue = new LineQueue({
      ...{ file: lines, queue, whenFull },
      format: (measured, dropped) => this.#format(measured, dropped),
      written: count => counted.written.add(count),
      dropped: count => counted.dropped.add(count),
      unusable({ record }, error) {
        counted.dropped.add(1);
        log.error({ request: record.request, plugin: record.receipt.plugin, error }, 'a receipt is lost');
      },
      lost(count) {
        counted.dropped.add(count);
        log.error({ file, lost: count }, 'receipts are lost');
      },
    });
  }

  /** Opens the file again by its name, after log rotation moved the old one away. @throws Fault `receipts_unusable` */
  reopen(): void {
    usable(this.#options.file, () => this.#queue.reopen());
  }

  add(record: HookCallRecord): void {
    const characters = charactersOf(record.change?.before, record.change?.after, record.answer);
    this.#queue.add({ record, characters }, characters);
  }

  room(signal?: Cancellation): Promise<void> | undefined {
    return this.#queue.room(signal);
  }

  /** Writes all receipts, and closes the file. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.#queue[Symbol.asyncDispose]();
  }

  #format({ record, characters }: Measured, dropped: number): string {
    const { change } = record;
    const isLarge = change !== undefined && characters > mostCompared;
    const line = lineOf(isLarge ? { ...record, change: { ...change, isLarge } } : record, this.#hashes);
    const code = line.code && { code: this.#options.mask.text(line.code) };
    return JSON.stringify({ ...line, ...code, ...(dropped > 0 && { dropped }) });
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
