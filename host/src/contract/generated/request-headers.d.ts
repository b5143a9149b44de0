// Generated from wit/ by tools/scripts/generate-contract-types.ts.
/** @module Interface sallyport:plugin/request-headers@0.1.0 **/
/**
 * Returns a header of the client's request; `none` if it is absent or not granted.
 */
export function get(name: string): string | undefined;
