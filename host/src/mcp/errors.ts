import type { FaultCode } from '../core/codes/index.ts';

/** The error numbers of JSON-RPC 2.0 (§ 5.1). */
export const jsonRpc = {
  parseError: -32700,
  invalidRequest: -32600,
  methodNotFound: -32601,
  invalidParams: -32602,
  internalError: -32603,
} as const;

/** The JSON-RPC error number of each code that a client can get. A code without one is an internal error. */
export type ErrorNumbers = Readonly<Partial<Record<FaultCode, number>>>;

/**
 * The numbers that are the same in every revision of MCP: those of JSON-RPC, and the gateway's own. A revision adds the
 * numbers that it defines itself. A request that is refused before its revision is known is answered with these.
 */
export const sharedNumbers = {
  internal: jsonRpc.internalError,
  system_refused: jsonRpc.internalError,
  lanes_closed: jsonRpc.internalError,
  plugin_failed: -32001,
  not_showable: -32001,
  plugin_blocked: -32001,
  upstream_unavailable: -32010,
  upstream_timeout: -32011,
  upstream_closed: -32012,
  upstream_garbage: -32013,
  upstream_error: jsonRpc.internalError,
  upstream_too_large: -32014,
  upstream_refused: -32015,
  upstream_redirected: -32016,
  upstream_status: -32030,
  upstream_tls: -32031,
  upstream_revision: -32032,
  upstream_transport: -32033,
  upstream_auth_failed: -32036,
  upstream_auth_unavailable: -32036,
  upstream_auth_caller: -32037,
  upstream_auth_subject: -32036,
  upstream_scope: -32038,
  upstream_account_needed: -32039,
  host_refused: -32000,
  host_ambiguous: -32000,
  origin_refused: -32000,
  unauthenticated: -32000,
  credentials_refused: -32000,
  credentials_lapsed: -32000,
  connection_outdated: -32000,
  identity_unavailable: -32000,
  authentication_throttled: -32000,
  path_unknown: -32000,
  http_method_refused: -32000,
  media_type_refused: -32000,
  not_acceptable: -32000,
  body_too_large: -32000,
  json_malformed: jsonRpc.parseError,
  json_excessive: jsonRpc.invalidRequest,
  batch_refused: jsonRpc.invalidRequest,
  message_invalid: jsonRpc.invalidRequest,
  params_invalid: jsonRpc.invalidParams,
  method_unknown: jsonRpc.methodNotFound,
  access_denied: -32034,
  insufficient_scope: -32035,
  name_unknown: jsonRpc.invalidParams,
  session_missing: -32000,
  session_unknown: -32000,
  sessions_exhausted: -32017,
  streams_exhausted: -32017,
  overloaded: -32018,
  quota_exceeded: -32018,
  draining: -32019,
  handler_refused: -32001,
  handler_failed: -32001,
  /** Defined by MCP 2026-07-28, Versioning; clients of older versions may get it too, and none of them knows another number. */
  revision_unknown: -32022,
} as const satisfies ErrorNumbers;

/** The number of `code`, which is that of an internal error unless `numbers` has another. */
export const errorNumber = (numbers: ErrorNumbers, code: FaultCode): number => numbers[code] ?? jsonRpc.internalError;
