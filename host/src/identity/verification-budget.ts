import { networkOf } from '../core/cidr.ts';
import { type FaultDetails, fail } from '../core/fault.ts';
import { TokenBucket } from '../core/token-bucket.ts';
import { UsageTable } from '../core/usage-table.ts';

/** The failures that an address may cause at once, and per second. */
export interface FailureLimits {
  readonly most: number;
  readonly perSecond: number;
}

const usual: FailureLimits = { most: 200, perSecond: 50 };

/**
 * Limits what the verification of credentials costs: an address whose credentials are refused again and again has to
 * wait. Each verification takes one from the budget of its address, and gives it back if the credentials are accepted.
 * Credentials that are remembered cost nothing, so other callers at the same address are still served.
 */
export class VerificationBudget {
  readonly #buckets = new UsageTable<TokenBucket>();
  readonly #now: () => number;
  readonly #limits: FailureLimits;

  /** @param now milliseconds, never going back */
  constructor(now: () => number = () => performance.now(), limits: FailureLimits = usual) {
    this.#now = now;
    this.#limits = limits;
  }

  /** @param about more details of the fault @throws Fault `authentication_throttled` if nothing is left */
  take(address: string, about: FaultDetails): void {
    if (this.#bucketOf(address).take()) return;
    fail('authentication_throttled', { ...about, address, retry_after_ms: Math.ceil(1_000 / this.#limits.perSecond) });
  }

  giveBack(address: string): void {
    this.#bucketOf(address).charge(-1);
  }

  #bucketOf(address: string): TokenBucket {
    const key = networkOf(address);
    const { most, perSecond } = this.#limits;
    return this.#buckets.get(key) ?? this.#buckets.add(key, new TokenBucket(perSecond * 60, this.#now, most));
  }
}
