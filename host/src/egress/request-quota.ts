import { TokenBucket } from '../core/token-bucket.ts';

/**
 * Limits the requests of one plugin: those in flight, and those per minute. The quota is the total of all tenants, because
 * it protects the hosts that the grant names.
 */
export interface EgressQuota {
  /** Counts one more request. Returns false when the quota of the minute is used up. */
  count(): boolean;
  /** Waits for a free slot. Dispose of the result to free it again. @throws the reason of `signal` */
  enter(signal: AbortSignal): Promise<Disposable>;
}

/** @param now milliseconds, never going back */
export function createQuota(
  limit: { readonly concurrency: number; readonly perMinute: number },
  now: () => number,
): EgressQuota {
  const requests = new TokenBucket(limit.perMinute, now);
  let free = limit.concurrency;
  const waiting = new Set<() => void>();
  const leave = () => {
    const [next] = waiting;
    if (next === undefined) free += 1;
    else {
      waiting.delete(next);
      next();
    }
  };
  const place = (): Disposable => ({ [Symbol.dispose]: leave });
  return {
    count: () => requests.take(),
    async enter(signal) {
      signal.throwIfAborted();
      if (free > 0) {
        free -= 1;
        return place();
      }
      return new Promise((resolve, reject) => {
        const admit = () => {
          signal.removeEventListener('abort', abandon);
          resolve(place());
        };
        const abandon = () => {
          waiting.delete(admit);
          reject(signal.reason);
        };
        waiting.add(admit);
        signal.addEventListener('abort', abandon, { once: true });
      });
    },
  };
}
