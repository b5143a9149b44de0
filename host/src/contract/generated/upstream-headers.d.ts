// Generated from wit/ by tools/scripts/generate-contract-types.ts.
/** @module Interface sallyport:plugin/upstream-headers@0.1.0 **/
/**
 * Sets a header, replacing one that the operator or an earlier plugin set. The value may contain references from
 * `secret-store.reference`; the gateway replaces them with the secrets when it sends the request.
 */
export function set(name: string, value: string): void;
export type HeaderError =
  | {
    /**
     * The grant does not name this header, or the gateway sets it itself.
     */
    tag: 'denied',
    val: string,
  }
  | {
    /**
     * The name or the value is not valid for a header, or the value is too long.
     */
    tag: 'invalid',
    val: string,
  }
  | {
    /**
     * There is no HTTP request: the upstream is reached over stdio, or this is not a before hook of a call.
     */
    tag: 'unavailable',
    val: string,
  };
