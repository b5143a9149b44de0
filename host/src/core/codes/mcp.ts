import type { CodeFamily } from './code.ts';

/** Errors in a message, its session, or the name it refers to. */
export const mcpCodes = {
  json_malformed: {
    http: 400,
    says: 'The body is not valid JSON.',
    todo: 'Send one JSON-RPC message, encoded as UTF-8.',
  },
  json_excessive: {
    http: 400,
    says: 'The body has too many values or is nested too deeply.',
    todo: 'Send less in one message: at most 100,000 values and 256 levels of nesting.',
  },
  batch_refused: {
    http: 400,
    says: 'The body is a batch, which MCP does not support since revision 2025-06-18.',
    todo: 'Send each message in a request of its own.',
  },
  message_invalid: {
    http: 400,
    says: 'The body is not a JSON-RPC 2.0 message.',
    todo: 'Send an object with `"jsonrpc": "2.0"`, a method, and, for a request, an id.',
  },
  params_invalid: {
    says: 'The params are invalid for this method.',
    todo: 'Correct the reported member.',
  },
  method_unknown: {
    says: 'This gateway does not support the method.',
    todo: 'Use a method of the negotiated revision that the capabilities of the server include.',
  },
  name_unknown: {
    says: 'No upstream of this binding has a tool or prompt with this name.',
    todo: "List the names. With several upstreams behind a binding, a name is the upstream's id, `__`, and the name there.",
  },
  resource_unknown: {
    says: 'No upstream of this binding has this resource.',
    todo: 'List the resources and the resource templates.',
  },
  revision_unknown: {
    http: 400,
    says: 'The client asks for a revision of MCP that this gateway does not support.',
    todo: 'Send `initialize` with one of the revisions in `supported`, then use the revision in the answer.',
  },
  session_missing: {
    http: 400,
    says: 'The request has no session.',
    todo: 'Send `initialize` first, then the Mcp-Session-Id of its answer with every request.',
  },
  session_unknown: {
    http: 404,
    says: 'The session does not exist or has ended.',
    todo: 'Send `initialize` again.',
  },
  sessions_exhausted: {
    http: 503,
    says: "The gateway or the client's address has reached its limit of sessions, and all of them are in use.",
    todo: 'End unused sessions, try again later, or raise `limits.sessions` or `limits.address_share`.',
  },
  streams_exhausted: {
    http: 503,
    says: "The gateway or the client's address has reached its limit of open notification streams.",
    todo: 'Close unused streams, try again later, or raise `limits.streams` or `limits.address_share`.',
  },
} as const satisfies CodeFamily;
