// Generated from wit/ by tools/scripts/generate-contract-types.ts.
/** @module Interface sallyport:plugin/context@0.1.0 **/
/**
 * Values that only this plugin sees, shared by the before and after hooks of one request.
 */
export function get(key: string): string | undefined;
export function set(key: string, value: string): void;
/**
 * Values that all plugins of the request see.
 */
export function getShared(key: string): string | undefined;
export function setShared(key: string, value: string): void;
