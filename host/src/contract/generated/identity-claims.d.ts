// Generated from wit/ by tools/scripts/generate-contract-types.ts.
/** @module Interface sallyport:plugin/identity-claims@0.1.0 **/
/**
 * A claim of the authenticated caller, as JSON text; `none` when there is none, or it was not granted.
 */
export function get(name: string): string | undefined;
