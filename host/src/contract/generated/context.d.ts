// Generated from wit/ by tools/scripts/generate-contract-types.ts.
/** @module Interface sallyport:plugin/context@0.1.0 **/
/**
 * Only this plugin sees what it set, in the before hook and in the after hook of one request.
 */
export function get(key: string): string | undefined;
export function set(key: string, value: string): void;
/**
 * All plugins of the request see these.
 */
export function getShared(key: string): string | undefined;
export function setShared(key: string, value: string): void;
