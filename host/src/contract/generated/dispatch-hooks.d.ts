// Generated from wit/ by tools/scripts/generate-contract-types.ts.
/** @module Interface sallyport:plugin/dispatch-hooks@0.1.0 **/
/**
 * Implements the hooks `tool_pre_invoke`, `prompt_pre_fetch` and `resource_pre_fetch`.
 */
export function beforeDispatch(ctx: CallContext, request: Request): RequestOutcome;
/**
 * Implements the hooks `tool_post_invoke`, `prompt_post_fetch`, `resource_post_fetch` and those of lists.
 */
export function afterDispatch(ctx: CallContext, response: Response): ResponseOutcome;
export type CallContext = import('./types.js').CallContext;
export type Request = import('./types.js').Request;
export type Response = import('./types.js').Response;
export type RequestOutcome = import('./types.js').RequestOutcome;
export type ResponseOutcome = import('./types.js').ResponseOutcome;
