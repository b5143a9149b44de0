// Generated from wit/ by tools/scripts/generate-contract-types.ts.
/** @module Interface sallyport:plugin/secret-store@0.1.0 **/
/**
 * The value. Better use a reference.
 */
export function get(name: string): string;
/**
 * A text to be written where the value belongs in a header of an outbound request, for example `Bearer ` and it.
 * The gateway puts in the value, where the grant allows.
 */
export function reference(name: string): string;
export type SecretError =
  | {
    /**
     * The grant does not allow it.
     */
    tag: 'denied',
    val: string,
  }
  | {
    /**
     * The secret cannot be read now.
     */
    tag: 'unavailable',
    val: string,
  };
