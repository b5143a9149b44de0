// Generated from wit/ by tools/scripts/generate-contract-types.ts.
/** @module Interface sallyport:plugin/request-headers@0.1.0 **/
/**
 * The value of a header of the client's request; `none` when there is none, or it was not granted.
 */
export function get(name: string): string | undefined;
