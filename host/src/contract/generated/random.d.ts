// Generated from wit/ by tools/scripts/generate-contract-types.ts.
/** @module Interface sallyport:plugin/random@0.1.0 **/
/**
 * Returns at most 65,536 bytes per call.
 */
export function bytes(length: number): Uint8Array;
