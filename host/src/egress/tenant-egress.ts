import { TokenBucket } from '../core/token-bucket.ts';

/** The number of tenants after which those that have sent nothing for a minute are forgotten. */
const mostTenants = 10_000;

/** The requests that plugins may send for a tenant in a minute, all plugins together. `*` is every other tenant. */
export type EgressLimits = ReadonlyMap<string, number>;

/** Limits the requests that plugins send for each tenant. One without a limit is not counted. */
export class TenantEgress {
  readonly #limits: EgressLimits;
  readonly #buckets = new Map<string, TokenBucket>();

  constructor(limits: EgressLimits = new Map()) {
    this.#limits = limits;
  }

  /** Counts a request. Returns the limit, in requests a minute, if it is reached. */
  reached(tenant = ''): number | undefined {
    const limit = this.#limits.get(tenant) ?? this.#limits.get('*');
    if (limit === undefined) return undefined;
    let bucket = this.#buckets.get(tenant);
    if (bucket === undefined) {
      if (this.#buckets.size >= mostTenants) this.#forgetIdle();
      bucket = new TokenBucket(limit);
      this.#buckets.set(tenant, bucket);
    }
    return bucket.take() ? undefined : limit;
  }

  #forgetIdle(): void {
    for (const [tenant, bucket] of this.#buckets) if (bucket.isFull) this.#buckets.delete(tenant);
  }
}
