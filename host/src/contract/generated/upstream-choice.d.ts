// Generated from wit/ by tools/scripts/generate-contract-types.ts.
/** @module Interface sallyport:plugin/upstream-choice@0.1.0 **/
/**
 * Returns one of `candidates`, or `none` to leave the choice to the gateway.
 */
export function route(ctx: CallContext, request: Request, candidates: Array<string>): string | undefined;
export type CallContext = import('./types.js').CallContext;
export type Request = import('./types.js').Request;
