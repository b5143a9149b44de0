import { TokenBucket } from '../core/token-bucket.ts';
import { UsageTable } from '../core/usage-table.ts';

/** The requests that plugins may send for a tenant in a minute, all plugins together. `*` is every other tenant. */
export type EgressLimits = ReadonlyMap<string, number>;

/** Limits the requests that plugins send for each tenant. One without a limit is not counted. */
export class TenantEgress {
  readonly #limits: EgressLimits;
  readonly #buckets = new UsageTable<TokenBucket>();

  constructor(limits: EgressLimits = new Map()) {
    this.#limits = limits;
  }

  /** Counts a request. Returns the limit, in requests a minute, if it is reached. */
  reached(tenant = ''): number | undefined {
    const limit = this.#limits.get(tenant) ?? this.#limits.get('*');
    if (limit === undefined) return undefined;
    const bucket = this.#buckets.get(tenant) ?? this.#buckets.add(tenant, new TokenBucket(limit));
    return bucket.take() ? undefined : limit;
  }
}
