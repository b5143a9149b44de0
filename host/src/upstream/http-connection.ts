import { setTimeout as delay } from 'node:timers/promises';
import { StreamableHTTPClientTransport, type Transport } from '@modelcontextprotocol/client';
import { type Dispatcher, Pool } from 'undici';
import { type JsonObject, withDoubles } from '../core/json.ts';
import { asNotification, type Connection, type ConnectionEvents } from './connection.ts';
import { handshakeFault, shakeHands } from './handshake.ts';
import { createHearing } from './hearing.ts';
import { HttpExchange, type HttpListener } from './http-exchange.ts';
import { httpFault } from './http-fault.ts';
import { type HttpWire, sendRequest } from './http-request.ts';
import { createRequestIds } from './request-id.ts';

/** Where a streamable HTTP server is. */
export interface HttpAddress {
  readonly url: string;
  /** Sent with every request. What a client of the gateway sends is never among them. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

/** Of the stream of the server's own messages. Milliseconds. */
const reconnection = {
  initialReconnectionDelay: 1_000,
  maxReconnectionDelay: 30_000,
  reconnectionDelayGrowFactor: 2,
  maxRetries: 100,
};
/** Milliseconds that a server has to end our session when we close. */
const farewell = 1_000;

/**
 * Shakes hands with a server (MCP 2025-11-25, Transports § Streamable HTTP). The MCP client keeps the session and the
 * stream of the server's own messages; our requests go beside it, on the same session.
 * @throws Fault `upstream_unavailable`, `upstream_timeout`, `upstream_garbage`, `upstream_refused`, `upstream_redirected`
 */
export async function connectHttp(upstream: string, address: HttpAddress, on: ConnectionEvents): Promise<Connection> {
  const url = new URL(address.url);
  const hearing = createHearing();
  const transport = new StreamableHTTPClientTransport(url, {
    requestInit: { headers: { ...address.headers } },
    fetch: async (input, init) => hearing.watch(await fetchWithoutRedirect(input, init), init?.method),
    reconnectionOptions: reconnection,
  });
  const { facts, client } = await shakeHands(transport, on.signal, on.limits.startTimeoutMs).catch(async thrown => {
    await transport.close();
    throw httpFault(upstream, thrown) ?? handshakeFault(upstream, thrown, on);
  });
  const toClient = transport.onmessage;
  transport.onmessage = message => {
    const notification = asNotification(message as unknown as JsonObject);
    if (notification) on.onNotification(notification);
    toClient?.(message);
  };
  transport.onerror = error => on.log.debug({ upstream, error: error.message }, 'the stream of server messages failed');

  const pool = new Pool(url.origin, { connections: 256, pipelining: 1, allowH2: false });
  const path = url.pathname + url.search;
  const common = headersOf(address, transport.sessionId, facts.protocolVersion);
  const postHeaders = [...common, 'content-type', 'application/json', 'accept', 'application/json, text/event-stream'];
  const getHeaders = [...common, 'accept', 'text/event-stream', 'last-event-id'];
  // Each request has its own time-out.
  const untimed = { path, headersTimeout: 0, bodyTimeout: 0 };
  const send = (options: Dispatcher.DispatchOptions, listener: HttpListener) => {
    const exchange = new HttpExchange(listener, on.limits.maxAnswerBytes);
    pool.dispatch(options, exchange);
    return exchange;
  };
  const wire: HttpWire = {
    upstream,
    hasSession: transport.sessionId !== undefined,
    post: (body, listener) => send({ ...untimed, method: 'POST', headers: postHeaders, body }, listener),
    resume: (id, listener) => send({ ...untimed, method: 'GET', headers: [...getHeaders, id] }, listener),
    hearRequest: message =>
      toClient?.(withDoubles(message) as unknown as Parameters<NonNullable<Transport['onmessage']>>[0]),
  };
  const nextId = createRequestIds();
  const { timeoutMs } = on.limits;

  return {
    facts,
    get hearsSince() {
      return hearing.since;
    },
    request: (method, params, options) =>
      sendRequest(wire, nextId(), method, params, { ...options, timeoutMs: options.timeoutMs ?? timeoutMs }),
    async close() {
      await Promise.race([transport.terminateSession().catch(() => {}), delay(farewell, undefined, { ref: false })]);
      await client.close();
      // Requests that still run on this session are let finish.
      void pool.close();
    },
  };
}

const headersOf = (address: HttpAddress, sessionId: string | undefined, revision: string): string[] => [
  ...Object.entries(address.headers ?? {}).flat(),
  ...(sessionId === undefined ? [] : ['mcp-session-id', sessionId]),
  'mcp-protocol-version',
  revision,
];

/** A redirect could lead anywhere, with our headers: it stays an answer. */
const fetchWithoutRedirect = async (input: string | URL, init?: RequestInit): Promise<Response> => {
  const response = await fetch(input, { ...init, redirect: 'manual' });
  if (response.status >= 300 && response.status < 400) {
    throw Object.assign(new Error('redirected'), { status: response.status });
  }
  return response;
};
