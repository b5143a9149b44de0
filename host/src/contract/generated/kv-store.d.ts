// Generated from wit/ by tools/scripts/generate-contract-types.ts.
/** @module Interface sallyport:plugin/kv-store@0.1.0 **/
export function get(key: string): Uint8Array | undefined;
/**
 * With `ttl-ms` the value expires after that many milliseconds.
 */
export function set(key: string, value: Uint8Array, ttlMs: bigint | undefined): void;
/**
 * Returns whether the key existed.
 */
export { _delete as delete };
function _delete(key: string): boolean;
/**
 * Lists keys with this prefix that sort after `after`, in byte order; at most 1,000.
 */
export function list(prefix: string, after: string | undefined, limit: number): Array<string>;
/**
 * Sets the value if the current one is `expected` (`none`: if there is no value), and returns whether it did.
 */
export function compareAndSet(key: string, expected: Uint8Array | undefined, value: Uint8Array, ttlMs: bigint | undefined): boolean;
/**
 * Adds to a number, stored as decimal text and initially 0, and returns the sum. `ttl-ms` counts from the first
 * addition, like the window of a rate limit.
 */
export function increment(key: string, by: bigint, ttlMs: bigint | undefined): bigint;
export type KvError =
  | {
    /**
     * The grant does not allow it.
     */
    tag: 'denied',
    val: string,
  }
  | {
    /**
     * More keys or bytes than the grant allows. Delete values or let them expire.
     */
    tag: 'quota',
    val: string,
  }
  | {
    /**
     * The value is not a number, or the key is not valid.
     */
    tag: 'invalid',
    val: string,
  }
  | {
    /**
     * The store failed.
     */
    tag: 'failed',
    val: string,
  };
