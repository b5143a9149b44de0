// Generated from wit/ by tools/scripts/generate-contract-types.ts.
/** @module Interface sallyport:plugin/policy-check@0.1.0 **/
export function decide(ctx: CallContext, request: Request): Decision;
export type CallContext = import('./types.js').CallContext;
export type Request = import('./types.js').Request;
export type Decision = import('./types.js').Decision;
