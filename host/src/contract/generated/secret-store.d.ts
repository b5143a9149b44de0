// Generated from wit/ by tools/scripts/generate-contract-types.ts.
/** @module Interface sallyport:plugin/secret-store@0.1.0 **/
/**
 * Returns the value. Prefer `reference`.
 */
export function get(name: string): string;
/**
 * Returns a placeholder to write into a header of an outbound request, for example after `Bearer `. The gateway replaces
 * it with the value if the grant allows it.
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
     * The secret cannot be read at the moment.
     */
    tag: 'unavailable',
    val: string,
  };
