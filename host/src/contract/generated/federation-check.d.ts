// Generated from wit/ by tools/scripts/generate-contract-types.ts.
/** @module Interface sallyport:plugin/federation-check@0.1.0 **/
/**
 * Implements the hook `server_pre_register`: called before a server joins, at each start and for each change of it.
 */
export function preRegister(ctx: FederationContext, server: JoiningServer): PreRegisterOutcome;
/**
 * Implements the hook `server_post_register`: called once a server has joined and was reached. It only observes.
 */
export function postRegister(ctx: FederationContext, server: RegisteredServer): void;
/**
 * Implements the hook `federation_pre_sync`: called before a list of a server is read.
 */
export function preSync(ctx: FederationContext, refresh: ListRefresh): PreSyncOutcome;
/**
 * Implements the hook `federation_post_sync`: called once for each list that was read, before any client sees it.
 */
export function postSync(ctx: FederationContext, received: ServerList): PostSyncOutcome;
export type FederationContext = import('./types.js').FederationContext;
export type JoiningServer = import('./types.js').JoiningServer;
export type PreRegisterOutcome = import('./types.js').PreRegisterOutcome;
export type RegisteredServer = import('./types.js').RegisteredServer;
export type ListRefresh = import('./types.js').ListRefresh;
export type PreSyncOutcome = import('./types.js').PreSyncOutcome;
export type ServerList = import('./types.js').ServerList;
export type PostSyncOutcome = import('./types.js').PostSyncOutcome;
