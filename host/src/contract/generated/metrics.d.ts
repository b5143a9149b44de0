// Generated from wit/ by tools/scripts/generate-contract-types.ts.
/** @module Interface sallyport:plugin/metrics@0.1.0 **/
/**
 * Adds to a counter; `by` must not be negative.
 */
export function count(name: string, labels: Labels, by: number): void;
export function gauge(name: string, labels: Labels, value: number): void;
/**
 * Records a value in a histogram.
 */
export function observe(name: string, labels: Labels, value: number): void;
export type Labels = Array<[string, string]>;
