// Generated from wit/ by tools/scripts/generate-contract-types.ts.
/** @module Interface sallyport:plugin/policy-check@0.1.0 **/
/**
 * Decides about one request, after all transforms and right before the upstream.
 */
export function decide(ctx: PolicyContext, request: Request): Decision;
/**
 * Decides which entries of a list the caller sees: one decision for each request, in the same order. Arguments are
 * not known yet, so they are `{}`, and `uri` is a URI template in a list of templates. Allow what could be allowed.
 */
export function decideMany(ctx: PolicyContext, requests: Array<Request>): Array<Decision>;
export type PolicyContext = import('./types.js').PolicyContext;
export type Request = import('./types.js').Request;
export type Decision = import('./types.js').Decision;
