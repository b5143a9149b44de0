// Generated from wit/ by tools/scripts/generate-contract-types.ts.
/** @module Interface sallyport:plugin/upstream-headers@0.1.0 **/
/**
 * Sets a header, in place of one that the operator or an earlier plugin set. The value may hold references from
 * `secret-store.reference`; the gateway puts in the values when it sends the request.
 */
export function set(name: string, value: string): void;
export type HeaderError =
  | {
    /**
     * The grant does not name this header, or it is the gateway's own.
     */
    tag: 'denied',
    val: string,
  }
  | {
    /**
     * The name or the value is not one that a header can have, or the value is too long.
     */
    tag: 'invalid',
    val: string,
  }
  | {
    /**
     * There is no such request: the upstream is reached over stdio, or this is not a before hook of a call.
     */
    tag: 'unavailable',
    val: string,
  };
