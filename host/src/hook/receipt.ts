import type { CallReport } from '../contract/hook-call.ts';
import type { HookName } from '../contract/hook-name.ts';

/** The receipt of one hook call. It never changes: a later correction is a receipt of its own. */
export type Receipt = CallReport & { readonly hook: HookName };

/** The receipts of one request, in the order of its hook calls. Append-only. */
export class Receipts {
  readonly #all: Receipt[] = [];
  /** Corrections, by the receipt that they correct. */
  #corrections: Map<Receipt, Receipt> | undefined;

  add(receipt: Receipt): void {
    this.#all.push(receipt);
  }

  /** Adds a correction for a hook call whose output turned out to be invalid. */
  correct(earlier: Receipt, receipt: Receipt): void {
    this.#all.push(receipt);
    this.#corrections ??= new Map();
    this.#corrections.set(earlier, receipt);
  }

  /** Returns every receipt, as written. */
  get written(): readonly Receipt[] {
    return this.#all;
  }

  /** Returns the last receipt of each hook call. */
  get calls(): readonly Receipt[] {
    const corrections = this.#corrections;
    if (corrections === undefined) return this.#all;
    const later = new Set(corrections.values());
    return this.#all.filter(receipt => !later.has(receipt)).map(receipt => corrections.get(receipt) ?? receipt);
  }
}

/** Returns the outcome under which a hook call is counted; for a failure, its cause. */
export const countedOutcome = (receipt: Receipt): string =>
  receipt.outcome === 'failed' ? receipt.cause : receipt.outcome;

/** Formats a hook call for the request's log line. */
export const receiptLine = (receipt: Receipt) => {
  const { plugin, hook, outcome, wallMs: ms } = receipt;
  return receipt.outcome === 'failed'
    ? { plugin, hook, outcome, cause: receipt.cause, ms }
    : { plugin, hook, outcome, ms };
};
