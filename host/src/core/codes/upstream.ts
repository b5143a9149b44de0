import type { CodeFamily } from './code.ts';

/** MCP servers behind the gateway. */
export const upstreamCodes = {
  upstream_unavailable: {
    exit: 5,
    says: 'The upstream could not be started or reached.',
    todo: "Start it, or correct its `stdio.command` or `http.url`. The upstream's own log lines carry its id.",
  },
  registration_blocked: {
    exit: 5,
    http: 403,
    says: 'A plugin of `federation` refuses that the upstream joins the gateway.',
    todo: 'Follow the reason of the plugin, or remove the upstream.',
  },
  upstream_timeout: {
    exit: 5,
    says: 'The upstream did not answer in time.',
    todo: 'Check the upstream, or raise the limit that `setting` names.',
  },
  upstream_closed: {
    exit: 5,
    says: 'The upstream closed the connection or exited before it answered.',
    todo: 'Check the upstream. The next request connects to it again.',
  },
  upstream_garbage: {
    exit: 5,
    says: 'The upstream sent something that is not MCP.',
    todo: 'Check that the command or URL is an MCP server that writes only messages.',
  },
  upstream_error: {
    says: 'The upstream answered with an error.',
    todo: 'See its text in the log line of the request. With `unhooked: pass`, the binding passes it on to clients.',
  },
  upstream_too_large: {
    exit: 5,
    says: "The upstream's answer is larger than allowed.",
    todo: 'Ask for less, raise `limits.answer_bytes`, or have the upstream send a resource link instead of the content.',
  },
  upstream_refused: {
    exit: 5,
    says: "The upstream rejected the gateway's credentials.",
    todo: 'Correct `auth` or `http.headers` of the upstream. Credentials that clients send to the gateway are never passed on.',
  },
  upstream_redirected: {
    exit: 5,
    says: 'The upstream redirects to another URL, and redirects are not followed.',
    todo: 'Set `http.url` to the final URL.',
  },
  upstream_status: {
    exit: 5,
    says: 'The upstream rejected the request with an HTTP status.',
    todo: 'Act on `status`: after 429 or 503 try again later, otherwise check the upstream. Other requests are not affected.',
  },
  upstream_tls: {
    exit: 5,
    says: 'The TLS certificate of the upstream is not trusted.',
    todo: 'See the log line of the request for the reason. NODE_EXTRA_CA_CERTS names a file with additional authorities.',
  },
  upstream_revision: {
    exit: 5,
    says: 'The upstream supports no revision of MCP that this gateway supports.',
    todo: 'Use a server that supports 2025-11-25 or one of its predecessors.',
  },
  upstream_transport: {
    exit: 5,
    says: 'The upstream uses HTTP+SSE, the transport of revision 2024-11-05, which this gateway does not support.',
    todo: "Use the server's streamable HTTP endpoint, often `/mcp` instead of `/sse`, or start it over stdio.",
  },
} as const satisfies CodeFamily;
