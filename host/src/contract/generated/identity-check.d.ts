// Generated from wit/ by tools/scripts/generate-contract-types.ts.
/** @module Interface sallyport:plugin/identity-check@0.1.0 **/
/**
 * Identifies a caller by its credentials. An `err`, and any other failure, refuses the request as one whose credentials
 * cannot be checked at the moment.
 */
export function identify(ctx: IdentityContext, credentials: Credentials): Identification;
/**
 * Implements the hook `auth_pre_check`: called for each request before its caller is authenticated.
 */
export function preCheck(ctx: IdentityContext, request: ArrivingRequest): PreCheckOutcome;
/**
 * Implements the hook `auth_post_check`: called for each request once its caller is authenticated.
 */
export function postCheck(ctx: IdentityContext, caller: AuthenticatedCaller): PostCheckOutcome;
export type IdentityContext = import('./types.js').IdentityContext;
export type Credentials = import('./types.js').Credentials;
export type Identification = import('./types.js').Identification;
export type ArrivingRequest = import('./types.js').ArrivingRequest;
export type PreCheckOutcome = import('./types.js').PreCheckOutcome;
export type AuthenticatedCaller = import('./types.js').AuthenticatedCaller;
export type PostCheckOutcome = import('./types.js').PostCheckOutcome;
