import { TokenBucket } from '../core/token-bucket.ts';
import { UsageTable } from '../core/usage-table.ts';

/** The requests that plugins may send for a tenant in a minute, all plugins together. `*` is every other tenant. */
export type EgressLimits = ReadonlyMap<string, number>;

/** Limits the requests that plugins send for each tenant. One without a limit is not counted. */
export class TenantEgress {
  #limits: EgressLimits;
  readonly #refused: (tenant: string | undefined) => void;
  readonly #buckets = new UsageTable<TokenBucket>();

  /** @param refused is called with the tenant of each request beyond its limit */
  constructor(limits: EgressLimits = new Map(), refused: (tenant: string | undefined) => void = () => {}) {
    this.#limits = limits;
    this.#refused = refused;
  }

  /** Changes the limits. What a tenant has used stays used. */
  changeTo(limits: EgressLimits): void {
    this.#limits = limits;
    for (const [owner, bucket] of this.#buckets) {
      const limit = limits.get(owner) ?? limits.get('*');
      if (limit !== undefined) bucket.changeTo(limit);
    }
  }

  /** Counts a request. Returns the limit, in requests a minute, if it is reached. */
  reached(tenant: string | undefined): number | undefined {
    const owner = tenant ?? '';
    const limit = this.#limits.get(owner) ?? this.#limits.get('*');
    if (limit === undefined) return undefined;
    const bucket = this.#buckets.get(owner) ?? this.#buckets.add(owner, new TokenBucket(limit));
    if (bucket.take()) return undefined;
    this.#refused(tenant);
    return limit;
  }
}
