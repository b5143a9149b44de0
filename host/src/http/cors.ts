import type { IncomingMessage, ServerResponse } from 'node:http';
import type { HttpReply } from './reply.ts';

/** Response headers that a page may read: those that MCP clients use. */
const exposed = 'mcp-session-id, mcp-protocol-version, retry-after, www-authenticate';
const methods = 'POST, GET, DELETE';
/** Sent when a preflight names no headers. */
const usual = 'content-type, accept, authorization, mcp-session-id, mcp-protocol-version, last-event-id';
/** The seconds for which browsers may cache a preflight; Chrome's maximum. */
const maxAge = '7200';

/** Lets the page read the response, errors included (Fetch standard § CORS protocol). */
export function allowPage(outgoing: ServerResponse, origin: string): void {
  outgoing.setHeader('access-control-allow-origin', origin);
  outgoing.setHeader('access-control-expose-headers', exposed);
}

/** Whether the request is a CORS preflight. */
export const isPreflight = ({ method, headers }: IncomingMessage): boolean =>
  method === 'OPTIONS' && headers.origin !== undefined && headers['access-control-request-method'] !== undefined;

/**
 * Answers the preflight of an allowed page. Any request header is allowed, because other clients can send it too, and
 * plugins or a proxy may use it.
 */
export function answerPreflight(reply: HttpReply, { headers }: IncomingMessage): void {
  const asked = headers['access-control-request-headers'];
  const isPrivate = headers['access-control-request-private-network'] === 'true';
  reply.end(204, {
    'access-control-allow-methods': methods,
    'access-control-allow-headers': asked === undefined ? usual : String(asked),
    'access-control-max-age': maxAge,
    // Browsers ask for this when a public page calls an address of a private network.
    ...(isPrivate ? { 'access-control-allow-private-network': 'true' } : {}),
  });
}
