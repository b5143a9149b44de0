import { Fault } from '../../core/fault.ts';
import type { JsonObject } from '../../core/json.ts';
import { createRequestIds } from '../../mcp/request-id.ts';
import { asNotification, type Connection, type ConnectionEvents, readMessage } from './connection.ts';
import type { Peer } from './handshake/handshake.ts';
import { type HttpAddress, HttpClient } from './http-client.ts';
import { isUnreachable } from './http-fault.ts';
import { type HttpWire, sendRequest } from './http-request.ts';
import { ServerStream } from './http-stream.ts';
import { requestTimes } from './request-timer.ts';
import { createSkippedOutputLog } from './server-output-log.ts';
import { isSseServer } from './sse-server.ts';
import { withinStartDeadline } from './start-deadline.ts';

/** Milliseconds that a server has to end our session when we close. */
const farewell = 1_000;

/** Answers to requests of the server that it may be slow to take. What it asks beyond that is not answered. */
const mostAnswers = 64;

/**
 * Shakes hands with a server (MCP 2025-11-25, Transports § Streamable HTTP), and opens the stream of its own messages.
 * @throws Fault `upstream_…`
 */
export async function connectHttp(upstream: string, address: HttpAddress, on: ConnectionEvents): Promise<Connection> {
  const client = new HttpClient(upstream, address, on.limits.maxAnswerBytes);
  const nextId = createRequestIds();
  const skip = createSkippedOutputLog(upstream, on.log, 'event of a stream');
  let session: string | undefined;
  let isLost = false;
  /** Answers to requests of the server that it has not taken yet. */
  let answering = 0;

  const lose = (reason: unknown) => {
    if (isLost) return;
    isLost = true;
    const told = reason instanceof Fault ? reason.hint : String(reason);
    on.log.warn({ upstream, reason: told }, 'the connection was lost');
    on.onLost();
  };

  const hear = (message: JsonObject) => {
    const notification = asNotification(message);
    if (notification !== undefined) return on.onNotification(notification);
    const response = answering < mostAnswers ? on.answerServer(message) : undefined;
    if (response === undefined) return;
    answering += 1;
    client
      .tell(response)
      .catch(error => on.log.debug({ upstream, error: String(error) }, 'the upstream did not accept an answer'))
      .finally(() => {
        answering -= 1;
      });
  };
  const hearText = (data: string) => {
    try {
      hear(readMessage(upstream, data));
    } catch {
      skip(data);
    }
  };
  const stream = new ServerStream(client, {
    onMessage: hearText,
    onLost: lose,
    onBreak: reason =>
      on.log.debug({ upstream, reason: String(reason) }, 'the stream of server messages ended unexpectedly'),
  });
  const wire: HttpWire = {
    client,
    hear,
    skip,
    get hasSession() {
      return session !== undefined;
    },
  };

  const peer: Peer = {
    request: (method, params, signal) => {
      const start = { ms: on.limits.startTimeoutMs, setting: 'limits.upstream_start_ms' };
      return sendRequest(wire, nextId(), method, params, {
        signal,
        times: { idle: start, whole: start },
        onStart(status, _type, headers) {
          const id = headers['mcp-session-id'];
          if (status < 300 && typeof id === 'string') session = id;
        },
      });
    },
    agreed(revision) {
      const sessionHeader = session === undefined ? {} : { 'mcp-session-id': session };
      client.identify({ ...sessionHeader, 'mcp-protocol-version': revision });
    },
    notify: (method, signal) => client.tell({ jsonrpc: '2.0', method }, signal, hearText),
  };

  const serverInfo = await withinStartDeadline(upstream, on, async signal => {
    try {
      return await on.handshake(upstream, peer, signal);
    } catch (thrown) {
      throw await explained(client, thrown, signal);
    }
  }).catch(thrown => {
    client.destroy();
    throw thrown;
  });
  stream.open();

  return {
    serverInfo,
    keepsState: session !== undefined,
    get hearsSince() {
      return stream.openSince;
    },
    async request(method, params, options) {
      try {
        return await sendRequest(wire, nextId(), method, params, {
          ...options,
          times: requestTimes(options, on.limits),
        });
      } catch (thrown) {
        if (isUnreachable(thrown)) lose(thrown);
        throw thrown;
      }
    },
    async close() {
      stream.close();
      if (session !== undefined) await client.bye(AbortSignal.timeout(farewell)).catch(() => {});
      client.close();
    },
    async release() {
      stream.close();
      client.close();
    },
  };
}

/** A failed handshake, with what only shows there: another transport, or TLS at the other end. */
async function explained(client: HttpClient, thrown: unknown, signal: AbortSignal): Promise<unknown> {
  if (!(thrown instanceof Fault)) return thrown;
  const { status, cause } = thrown.details;
  if (thrown.code === 'upstream_status' && [400, 404, 405].includes(Number(status))) {
    if (!(await isSseServer(client, signal))) return thrown;
    return new Fault('upstream_transport', { upstream: client.upstream, status }, thrown);
  }
  // What a port of TLS makes of plain HTTP is to hang up, or to answer in TLS.
  const mayBeTls = thrown.code === 'upstream_closed' || (thrown.code === 'upstream_garbage' && cause !== undefined);
  if (!mayBeTls || client.url.protocol !== 'http:') return thrown;
  return thrown.with({ hint: `${thrown.hint}; if it uses TLS, its url must begin with https://` });
}
