import { setTimeout as delay } from 'node:timers/promises';
import { StreamableHTTPClientTransport, type Transport } from '@modelcontextprotocol/client';
import { Pool } from 'undici';
import { Fault } from '../core/fault.ts';
import { isJsonObject, type JsonObject } from '../core/json.ts';
import { type Answer, errorAnswer, readAnswer } from './answer.ts';
import {
  asNotification,
  type Connection,
  type ConnectionEvents,
  SessionExpired,
  withOwnProgressToken,
} from './connection.ts';
import { handshakeFault, shakeHands } from './handshake.ts';
import { exchange, type HttpExchange, type HttpReceived, TooLarge } from './http-exchange.ts';
import { createRequestIds } from './request-id.ts';
import type { RequestOptions } from './upstream.ts';

/** Where a streamable HTTP server is. */
export interface HttpAddress {
  readonly url: string;
  /** Sent with every request. What a client of the gateway sends is never among them. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

/** How often in a row a broken-off stream is taken up again without having brought anything. */
const maxResumes = 5;
/** Milliseconds that a server has to end the stream on which it has answered. */
const streamEndGrace = 5_000;

/**
 * Shakes hands with a server (MCP 2025-11-25, Transports § Streamable HTTP). The MCP client keeps the session and the
 * stream of the server's own messages; our requests go beside it, on the same session.
 * @throws Fault `upstream_unavailable`, `upstream_timeout`, `upstream_garbage`, `upstream_refused`, `upstream_redirected`
 */
export async function connectHttp(upstream: string, address: HttpAddress, on: ConnectionEvents): Promise<Connection> {
  const url = new URL(address.url);
  const transport = new StreamableHTTPClientTransport(url, {
    requestInit: { headers: { ...address.headers } },
    fetch: fetchWithoutRedirect,
    reconnectionOptions: {
      initialReconnectionDelay: 1_000,
      maxReconnectionDelay: 30_000,
      reconnectionDelayGrowFactor: 2,
      maxRetries: 100,
    },
  });
  const { facts, client } = await shakeHands(transport, on.signal, on.limits.startTimeoutMs).catch(async thrown => {
    await transport.close();
    throw faultOf(upstream, thrown) ?? handshakeFault(upstream, thrown, on);
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
  const nextId = createRequestIds();
  const common = headersOf(address, transport.sessionId, facts.protocolVersion);
  const postHeaders = [...common, 'content-type', 'application/json', 'accept', 'application/json, text/event-stream'];

  const post = (body: string, onEvent: (data: string) => void) =>
    exchange(pool, { method: 'POST', path, headers: postHeaders, body }, on.limits.maxAnswerBytes, onEvent);
  const resume = (lastEventId: string, onEvent: (data: string) => void) =>
    exchange(
      pool,
      { method: 'GET', path, headers: [...common, 'accept', 'text/event-stream', 'last-event-id', lastEventId] },
      on.limits.maxAnswerBytes,
      onEvent,
    );

  /** A message of an event stream that is not our answer: progress, a log message, or a request of the server. */
  const hear = (message: JsonObject, onNotification: RequestOptions['onNotification']) => {
    const notification = asNotification(message);
    if (notification) onNotification?.(notification);
    else if (message.method !== undefined) toClient?.(message as unknown as ClientMessage);
  };

  const request = (method: string, params: JsonObject | undefined, options: RequestOptions): Promise<Answer> => {
    const id = nextId();
    const { signal, onNotification, timeoutMs = on.limits.timeoutMs } = options;
    const sent = withOwnProgressToken(params, onNotification === undefined ? undefined : id);
    return new Promise<Answer>((resolve, reject) => {
      let running: HttpExchange | undefined;
      let done = false;
      let graceTimer: NodeJS.Timeout | undefined;
      const end = () => {
        done = true;
        clearTimeout(timer);
        signal?.removeEventListener('abort', abort);
      };
      const giveUp = (reason: unknown, told: string) => {
        end();
        reject(reason);
        running?.abort(new Error(told));
        const cancelled = {
          jsonrpc: '2.0',
          method: 'notifications/cancelled',
          params: { requestId: id, reason: told },
        };
        post(JSON.stringify(cancelled), () => {}).received.catch(() => {});
      };
      const abort = () => giveUp(signal?.reason, 'the caller cancelled');
      const timer = setTimeout(
        () => giveUp(new Fault('upstream_timeout', { upstream, method, after_ms: timeoutMs }), 'timed out'),
        timeoutMs,
      );
      signal?.addEventListener('abort', abort);

      const onEvent = (data: string) => {
        if (done) return;
        try {
          const message = parseMessage(upstream, data);
          if (message.id !== id || message.method !== undefined) return hear(message, onNotification);
          resolve(readAnswer(upstream, id, message, data));
          const stream = running;
          graceTimer = setTimeout(() => stream?.abort(new Error('answered')), streamEndGrace);
          graceTimer.unref();
        } catch (fault) {
          reject(fault);
        }
        end();
      };

      const read = async () => {
        running = post(
          `{"jsonrpc":"2.0","id":"${id}","method":${JSON.stringify(method)},"params":${JSON.stringify(sent ?? {})}}`,
          onEvent,
        );
        let received = await running.received;
        for (let tries = 0; !done && isStream(received); tries += 1) {
          const { lastEventId, retryMs } = received;
          if (lastEventId === undefined || tries >= maxResumes) {
            throw new Fault('upstream_closed', { upstream, method, hint: 'its event stream ended without the answer' });
          }
          await delay(retryMs ?? 1_000);
          if (done) break;
          running = resume(lastEventId, onEvent);
          received = await running.received;
          if (received.lastEventId !== lastEventId) tries = -1;
        }
        if (!done) resolve(readBody(upstream, id, received, transport.sessionId !== undefined));
      };
      read()
        .catch(thrown => reject(faultOf(upstream, thrown) ?? thrown))
        .finally(() => {
          clearTimeout(graceTimer);
          end();
        });
    });
  };

  return {
    facts,
    request,
    async close() {
      await Promise.race([transport.terminateSession().catch(() => {}), delay(1_000, undefined, { ref: false })]);
      await client.close();
      // Requests that still run on this session are let finish; each has its own time-out.
      void pool.close();
    },
  };
}

type ClientMessage = Parameters<NonNullable<Transport['onmessage']>>[0];

const isStream = ({ status, type }: HttpReceived) => status === 200 && type === 'text/event-stream';

const headersOf = (address: HttpAddress, sessionId: string | undefined, revision: string): string[] => [
  ...Object.entries(address.headers ?? {}).flat(),
  ...(sessionId === undefined ? [] : ['mcp-session-id', sessionId]),
  'mcp-protocol-version',
  revision,
];

function parseMessage(upstream: string, text: string): JsonObject {
  let message: unknown;
  try {
    message = JSON.parse(text);
  } catch (cause) {
    throw new Fault('upstream_garbage', { upstream, hint: `it answered ${text.slice(0, 80)}` }, cause);
  }
  if (isJsonObject(message)) return message;
  throw new Fault('upstream_garbage', { upstream, hint: `it answered ${text.slice(0, 80)}` });
}

/** The answer in a plain body, or what its status means. */
function readBody(upstream: string, id: string, { status, type, text }: HttpReceived, session: boolean): Answer {
  if (status === 200) {
    const message = parseMessage(upstream, text);
    if (message.id === id) return readAnswer(upstream, id, message, text);
    throw new Fault('upstream_garbage', { upstream, hint: `it answered another request than ours (${type})` });
  }
  const error = rpcErrorIn(text);
  // The spec's status for a forgotten session is 404 (§ Session Management); servers made after the SDK's own example
  // answer 400 and say so in words.
  if (session && (status === 404 || (status === 400 && /session/i.test(String(error?.message))))) {
    throw new SessionExpired();
  }
  throwOnStatus(upstream, status);
  if (error && status < 500) {
    return errorAnswer({ code: Number(error.code), message: String(error.message), data: error.data });
  }
  throw new Fault('upstream_unavailable', { upstream, status, hint: `it answered with HTTP status ${status}` });
}

function throwOnStatus(upstream: string, status: number) {
  if (status === 401 || status === 403) throw new Fault('upstream_refused', { upstream, status });
  if (status >= 300 && status < 400) throw new Fault('upstream_redirected', { upstream, status });
}

function rpcErrorIn(text: string): JsonObject | undefined {
  try {
    const { error } = JSON.parse(text) as { error?: unknown };
    return isJsonObject(error) ? error : undefined;
  } catch {
    return undefined;
  }
}

/** What undici, fetch and the MCP client throw, as faults. @returns undefined for anything else */
function faultOf(upstream: string, thrown: unknown): Fault | undefined {
  if (thrown instanceof Fault) return thrown;
  if (thrown instanceof TooLarge) return new Fault('upstream_too_large', { upstream });
  const { code, status, cause, message } = thrown as {
    code?: unknown;
    status?: unknown;
    cause?: unknown;
    message?: string;
  };
  if (typeof status === 'number' && status >= 300) {
    try {
      throwOnStatus(upstream, status);
    } catch (fault) {
      return fault as Fault;
    }
    return new Fault(
      'upstream_unavailable',
      { upstream, status, hint: `it answered with HTTP status ${status}` },
      thrown,
    );
  }
  if (typeof code === 'string') {
    if (unreachable.test(code))
      return new Fault(
        'upstream_unavailable',
        { upstream, hint: `${code}: is it running, and is its url right?` },
        thrown,
      );
    if (closed.test(code)) return new Fault('upstream_closed', { upstream, hint: message ?? code }, thrown);
    if (code.startsWith('HPE_')) return new Fault('upstream_garbage', { upstream, hint: `no HTTP: ${code}` }, thrown);
  }
  return cause === undefined ? undefined : faultOf(upstream, cause);
}

const unreachable =
  /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|ETIMEDOUT|UND_ERR_CONNECT_TIMEOUT|ERR_TLS_.*|CERT_.*|.*_CERT.*)$/;
const closed =
  /^(ECONNRESET|EPIPE|UND_ERR_SOCKET|UND_ERR_ABORTED|UND_ERR_CLOSED|UND_ERR_DESTROYED|UND_ERR_RES_CONTENT_LENGTH_MISMATCH)$/;

/** A redirect could lead anywhere, with our headers: it stays an answer. */
const fetchWithoutRedirect = async (input: string | URL, init?: RequestInit): Promise<Response> => {
  const response = await fetch(input, { ...init, redirect: 'manual' });
  if (response.status >= 300 && response.status < 400) {
    throw Object.assign(new Error('redirected'), { status: response.status });
  }
  return response;
};
