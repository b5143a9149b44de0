// Generated from wit/ by tools/scripts/generate-contract-types.ts.
/** @module Interface sallyport:plugin/clock@0.1.0 **/
/**
 * Milliseconds since the Unix epoch.
 */
export function nowMs(): bigint;
/**
 * Nanoseconds since an arbitrary moment; never goes back.
 */
export function monotonicNs(): bigint;
