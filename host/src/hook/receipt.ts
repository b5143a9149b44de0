import type { CallReport } from '../contract/hook-call.ts';
import type { HookName } from '../contract/hook-name.ts';

/** What one hook call did. A receipt never changes: what is learned later is a receipt of its own. */
export type Receipt = CallReport & { readonly hook: HookName };

/** The receipts of one request, in the order of its hook calls. Receipts are only added. */
export class Receipts {
  readonly #all: Receipt[] = [];
  /** Later receipts of the same hook calls, by the receipt that they correct. */
  #corrections: Map<Receipt, Receipt> | undefined;

  add(receipt: Receipt): void {
    this.#all.push(receipt);
  }

  /** Adds a receipt of a hook call that has one already, because its output turned out to be invalid. */
  correct(earlier: Receipt, receipt: Receipt): void {
    this.#all.push(receipt);
    this.#corrections ??= new Map();
    this.#corrections.set(earlier, receipt);
  }

  /** Every receipt, as it was written. */
  get written(): readonly Receipt[] {
    return this.#all;
  }

  /** One receipt for each hook call: the last that was written of it. */
  get calls(): readonly Receipt[] {
    const corrections = this.#corrections;
    if (corrections === undefined) return this.#all;
    const later = new Set(corrections.values());
    return this.#all.filter(receipt => !later.has(receipt)).map(receipt => corrections.get(receipt) ?? receipt);
  }
}

/** The outcome by which a hook call is counted: a failure counts under its cause. */
export const countedOutcome = (receipt: Receipt): string =>
  receipt.outcome === 'failed' ? receipt.cause : receipt.outcome;

/** A hook call as the request's log line shows it. */
export const receiptLine = (receipt: Receipt) => {
  const { plugin, hook, outcome, wallMs: ms } = receipt;
  return receipt.outcome === 'failed'
    ? { plugin, hook, outcome, cause: receipt.cause, ms }
    : { plugin, hook, outcome, ms };
};
