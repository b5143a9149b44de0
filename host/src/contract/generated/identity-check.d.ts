// Generated from wit/ by tools/scripts/generate-contract-types.ts.
/** @module Interface sallyport:plugin/identity-check@0.1.0 **/
/**
 * Returns `none` when this plugin does not know these credentials.
 */
export function identify(scheme: string, credentials: string): Principal | undefined;
export type Principal = import('./types.js').Principal;
