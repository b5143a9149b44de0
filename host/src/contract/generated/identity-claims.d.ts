// Generated from wit/ by tools/scripts/generate-contract-types.ts.
/** @module Interface sallyport:plugin/identity-claims@0.1.0 **/
/**
 * Returns a claim of the authenticated caller, as JSON text; `none` if it is absent or not granted.
 */
export function get(name: string): string | undefined;
