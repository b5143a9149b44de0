import type { CallReport, LateWork } from '../contract/hook-call.ts';
import { hookNames } from '../contract/hook-name.ts';
import type { CallingMode } from '../contract/hook-policy.ts';
import { bounded } from '../core/bounded.ts';
import { effects } from './mode.ts';

/** What a plugin was called for: a hook, a decision of a policy, or a caller's credentials. */
export const recordedHooks = [...hookNames, 'policy_decide', 'policy_decide_many', 'identify'] as const;
export type RecordedHook = (typeof recordedHooks)[number];

/** The receipt of one hook call. It never changes: a later correction is a receipt of its own. */
export type Receipt = CallReport & {
  readonly hook: RecordedHook;
  /** Absent for `enforce`. */
  readonly mode?: CallingMode;
  /** How many entries of a list a policy denied; absent if it denied none. */
  readonly denied?: number;
};

/** A receipt with the time of `performance.now()` at which its hook call ended. */
export interface TimedReceipt {
  readonly receipt: Receipt;
  readonly ended: number;
}

/** The receipts of one request, in the order of its hook calls. Append-only. */
export class Receipts implements LateWork {
  readonly #all: Receipt[] = [];
  #lateMs = 0;
  #onLate: ((ms: number) => void) | undefined;
  /** Corrections, by the receipt that they correct. */
  #corrections: Map<Receipt, Receipt> | undefined;
  /** When each receipt was added, by `performance.now()`; not a number if it was added with the one before. */
  #times: number[] | undefined;

  /** Keeps the times of receipts from now on, for `timeline`. */
  keepTimes(): void {
    this.#times ??= this.#all.map(() => performance.now());
  }

  /** @param isFirst whether it is the first of its hop: the plugins of a hop run one after the other */
  add(receipt: Receipt, isFirst = true): void {
    this.#all.push(receipt);
    this.#times?.push(isFirst ? performance.now() : Number.NaN);
  }

  /** Adds a correction for a hook call whose output turned out to be invalid. */
  correct(earlier: Receipt, receipt: Receipt): void {
    this.add(receipt);
    this.#corrections ??= new Map();
    this.#corrections.set(earlier, receipt);
  }

  addLate(ms: number): void {
    if (this.#onLate === undefined) this.#lateMs += ms;
    else this.#onLate(ms);
  }

  /**
   * Returns the milliseconds that plugins worked for the request until now. Calls back with what is added later, which
   * happens where the request was aborted while they worked.
   */
  takeWorkMs(onLate: (ms: number) => void): number {
    this.#onLate = onLate;
    return this.#all.reduce((sum, { wallMs }) => sum + wallMs, this.#lateMs);
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

  /** Returns the last receipt of each hook call with when it ended, by `performance.now()`. Needs `keepTimes`. */
  timeline(): readonly TimedReceipt[] {
    const times = this.#times ?? [];
    const later = new Set(this.#corrections?.values());
    const all: TimedReceipt[] = [];
    let next = Number.NaN;
    // Backwards: what was added together ended one after the other, the last one when all were added.
    for (let place = this.#all.length - 1; place >= 0; place -= 1) {
      const receipt = this.#all[place];
      if (receipt === undefined) continue;
      let first = place;
      while (first > 0 && Number.isNaN(times[first])) first -= 1;
      const ended = Number.isNaN(next) ? (times[first] ?? Number.NaN) : next;
      next = first === place ? Number.NaN : ended - receipt.wallMs;
      if (!later.has(receipt)) all.push({ receipt: this.#corrections?.get(receipt) ?? receipt, ended });
    }
    return all.reverse();
  }
}

/**
 * Returns the outcome under which a hook call is counted: for a failure its cause, and `would_…` for what was only
 * recorded.
 */
export function countedOutcome(receipt: Receipt): string {
  if (receipt.outcome === 'failed') return receipt.cause;
  return isOnlyRecorded(receipt) ? recorded[receipt.outcome] : receipt.outcome;
}

const recorded = {
  proceed: 'proceed',
  modified: 'would_modify',
  respond: 'would_respond',
  block: 'would_block',
} as const;

const isOnlyRecorded = ({ mode = 'enforce', outcome }: Receipt) => effects[mode][outcome] === 'is_recorded';

/** Formats a hook call for the request's log line. */
export const receiptLine = (receipt: Receipt) => {
  const { plugin, hook, outcome, wallMs: ms } = receipt;
  if (receipt.outcome === 'failed') return { plugin, hook, outcome, cause: receipt.cause, ms };
  if (receipt.outcome !== 'block' || !isOnlyRecorded(receipt)) return { plugin, hook, outcome, ms };
  // What it would have blocked the request with is seen nowhere else.
  const { code, reason } = receipt.violation;
  return { plugin, hook, outcome: 'would_block', code: bounded(code), reason: bounded(reason), ms };
};
