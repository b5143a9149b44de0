// Generated from wit/ by tools/scripts/generate-contract-types.ts.
/** @module Interface sallyport:plugin/kv-store@0.1.0 **/
export function get(key: string): Uint8Array | undefined;
/**
 * With `ttl-ms` the value is gone after so many milliseconds.
 */
export function set(key: string, value: Uint8Array, ttlMs: bigint | undefined): void;
/**
 * Whether there was one.
 */
export { _delete as delete };
function _delete(key: string): boolean;
/**
 * Keys with this prefix that come after `after`, in the order of their bytes; at most 1,000 of them.
 */
export function list(prefix: string, after: string | undefined, limit: number): Array<string>;
/**
 * Sets the value when it is `expected` (`none`: when there is no value), and tells whether it did.
 */
export function compareAndSet(key: string, expected: Uint8Array | undefined, value: Uint8Array, ttlMs: bigint | undefined): boolean;
/**
 * Adds to a number, kept as decimal text, that begins with 0, and yields the sum. `ttl-ms` counts from the first
 * addition: the window of a rate limit.
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
     * More keys or bytes than the grant allows. Delete something, or let it expire.
     */
    tag: 'quota',
    val: string,
  }
  | {
    /**
     * The value is no number, or the key is not one.
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
