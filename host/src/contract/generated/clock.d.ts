// Generated from wit/ by tools/scripts/generate-contract-types.ts.
/** @module Interface sallyport:plugin/clock@0.1.0 **/
/**
 * Returns milliseconds since the Unix epoch.
 */
export function nowMs(): bigint;
/**
 * Returns nanoseconds since an arbitrary moment; never decreases.
 */
export function monotonicNs(): bigint;
