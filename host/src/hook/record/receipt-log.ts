import type { Cancellation } from '../../core/canceller.ts';
import { fail } from '../../core/fault.ts';
import { fileProblem } from '../../core/file-problem.ts';
import { LineFile } from '../../core/line-file.ts';
import { LineQueue } from '../../core/line-queue.ts';
import type { Log } from '../../core/log.ts';
import type { Metrics, Series } from '../../core/metrics.ts';
import { RepeatedWarning } from '../../core/repeated-warning.ts';
import type { SecretMask } from '../../core/secret-mask.ts';
import { type LedgerOptions, openLineOutput } from '../../ledger/open-ledger.ts';
import { openKey } from './keyed-hash.ts';
import { type Measured, measure, ReceiptFormat } from './receipt-format.ts';
import type { HookCallRecord } from './receipt-line.ts';

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
  /** How the lines are chained and signed; without it, they are not. */
  readonly ledger?: LedgerOptions | undefined;
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

/**
 * Writes one line for each hook call, away from the call: a queue keeps the values that changed until they are hashed,
 * after the call has gone on. Nothing that was taken is lost when the gateway closes.
 */
export class ReceiptLog implements ReceiptRecorder, AsyncDisposable {
  readonly #options: ReceiptLogOptions;
  readonly #format: ReceiptFormat;
  readonly #queue: LineQueue<Measured>;

  /** Opens the file and the key. @throws Fault `receipts_unusable` */
  constructor(options: ReceiptLogOptions) {
    const { file, ledger, keyFile, queue, whenFull, metrics, log, mask } = options;
    this.#options = options;
    this.#format = new ReceiptFormat(openKey(keyFile), mask);
    const warning = new RepeatedWarning(log, 'receipts cannot be written; trying again');
    const output = usable(file, () =>
      openLineOutput({ file }, ledger, {
        onProblem: error => warning.write('', { file, reason: fileProblem(error) }),
        onUnverified: found => log.error({ file, found }, 'the end of the receipts is not as a gateway left it'),
      }),
    );
    const counted = countersIn(metrics);
    this.#queue = new LineQueue({
      ...{ output, queue, whenFull },
      format: (measured, dropped) => this.#format.line(measured, dropped),
      written: count => counted.written.add(count),
      dropped: count => counted.dropped.add(count),
      unusable({ record }, error) {
        counted.dropped.add(1);
        log.error({ request: record.request, plugin: record.receipt.plugin, error }, 'a receipt is lost');
      },
      lost({ length: lost }) {
        counted.dropped.add(lost);
        log.error({ file, lost }, 'receipts are lost');
      },
    });
  }

  /** Opens the file again by its name, after log rotation moved the old one away. @throws Fault `receipts_unusable` */
  reopen(): void {
    usable(this.#options.file, () => this.#queue.reopen());
  }

  add(record: HookCallRecord): void {
    const measured = measure(record);
    this.#queue.add(measured, measured.characters);
  }

  room(signal?: Cancellation): Promise<void> | undefined {
    return this.#queue.room(signal);
  }

  /** Writes all receipts, and closes the file. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.#queue[Symbol.asyncDispose]();
  }
}

/** Tries whether receipts can be written, without one. @throws Fault `receipts_unusable` */
export function tryReceipts(file: string): void {
  usable(file, () => new LineFile(file, () => {}).close());
}

/** @throws Fault `receipts_unusable` */
function usable<T>(file: string, open: () => T): T {
  try {
    return open();
  } catch (error) {
    return fail('receipts_unusable', { file, reason: fileProblem(error) }, error);
  }
}

/** Declares the counters of receipts. */
export function countersIn(metrics: Metrics): { readonly written: Series; readonly dropped: Series } {
  const counter = (name: string, help: string) => {
    metrics.declare(name, { type: 'counter', help });
    return metrics.series(name, {});
  };
  return {
    written: counter('sallyport_receipts_total', 'Receipts of hook calls that were written.'),
    dropped: counter('sallyport_receipts_dropped_total', 'Receipts of hook calls that were dropped or lost.'),
  };
}
