import { Fault } from '../../core/fault.ts';
import type { JsonObject } from '../../core/json.ts';
import type { Answer } from '../../mcp/answer.ts';
import { createRequestIds } from '../../mcp/request-id.ts';
import type { ServerInfo } from '../../mcp/server-info.ts';
import type { RequestOptions } from '../upstream.ts';
import { sendAuthorized } from './authorized-request.ts';
import type { Connection, ConnectionContext, RequestTimes } from './connection.ts';
import type { Peer } from './handshake/handshake.ts';
import { type HttpAddress, HttpClient } from './http-client.ts';
import type { HttpListener } from './http-exchange.ts';
import { HttpRequest, type RequestSession } from './http-request.ts';
import { HttpServerMessages } from './http-server-messages.ts';
import { ServerStream } from './http-stream.ts';
import { requestTimes } from './pending-request.ts';
import { isSseServer } from './sse-server.ts';
import { startTimes, withinStartDeadline } from './start-deadline.ts';

/** Milliseconds that a server has to end our session when we close. */
const endTimeoutMs = 1_000;

/**
 * Performs the handshake with a server (MCP 2025-11-25, Transports § Streamable HTTP), and opens the stream of its own
 * messages.
 * @throws Fault `upstream_…`
 */
export async function connectHttp(
  upstream: string,
  address: HttpAddress,
  context: ConnectionContext,
): Promise<Connection> {
  const client = new HttpClient(upstream, address, context.limits.maxAnswerBytes);
  const session = new HttpSession(client, context);
  try {
    const serverInfo = await withinStartDeadline(upstream, context, async signal => {
      try {
        return await context.handshake(upstream, session, signal);
      } catch (thrown) {
        throw await explainHandshakeFailure(client, thrown, signal);
      }
    });
    return new HttpConnection(session, serverInfo, context);
  } catch (thrown) {
    client.destroy();
    throw thrown;
  }
}

/** The MCP session with a server: its id, the ids of its requests, and what the server sends without being asked. */
class HttpSession implements RequestSession, Peer {
  readonly client: HttpClient;
  readonly nextId = createRequestIds();
  /** Set by the connection that the handshake leads to; a failed handshake reports its own fault. */
  onUnreachable: (reason: unknown) => void = () => {};
  readonly #context: ConnectionContext;
  readonly #messages: HttpServerMessages;
  #id: string | undefined;

  constructor(client: HttpClient, context: ConnectionContext) {
    this.client = client;
    this.#context = context;
    this.#messages = new HttpServerMessages(client, context);
  }

  get hasId(): boolean {
    return this.#id !== undefined;
  }

  request(method: string, params: JsonObject, signal: AbortSignal): Promise<Answer> {
    const times = startTimes(this.#context.limits);
    return this.send(method, params, times, { signal }, (status, _type, headers) => {
      const id = headers['mcp-session-id'];
      if (status < 300 && typeof id === 'string') this.#id = id;
    });
  }

  send(
    method: string,
    params: JsonObject | undefined,
    times: RequestTimes,
    options: RequestOptions,
    onStart?: HttpListener['onStart'],
  ): Promise<Answer> {
    const { auth } = this.#context;
    if (auth === undefined) return new HttpRequest(this, method, params, times, options, onStart).answer;
    return sendAuthorized(
      this.client,
      auth,
      options,
      hiding => new HttpRequest(this, method, params, times, hiding, onStart).answer,
    );
  }

  /** Uses the current credential for what is sent from now on. */
  async authorize(): Promise<void> {
    const { auth } = this.#context;
    if (auth !== undefined) this.client.authorize(auth.place, auth.written(await auth.current()));
  }

  agreed(revision: string): void {
    const sessionHeader = this.#id === undefined ? {} : { 'mcp-session-id': this.#id };
    this.client.identify({ ...sessionHeader, 'mcp-protocol-version': revision });
  }

  notify(method: string, signal: AbortSignal): Promise<void> {
    return this.client.send({ jsonrpc: '2.0', method }, signal, data => this.onText(data));
  }

  onMessage(message: JsonObject): void {
    this.#messages.onMessage(message);
  }

  onText(data: string): void {
    this.#messages.onText(data);
  }

  onSkipped(data: string): void {
    this.#messages.onSkipped(data);
  }
}

class HttpConnection implements Connection {
  readonly serverInfo: ServerInfo;
  readonly keepsState: boolean;
  readonly #session: HttpSession;
  readonly #context: ConnectionContext;
  readonly #stream: ServerStream;
  #isLost = false;

  constructor(session: HttpSession, serverInfo: ServerInfo, context: ConnectionContext) {
    const { client } = session;
    this.#session = session;
    this.#context = context;
    this.serverInfo = serverInfo;
    // A server without sessions may still answer each caller differently.
    this.keepsState = session.hasId || context.auth?.isPerCaller === true;
    const lose = (reason: unknown) => this.#lose(reason);
    session.onUnreachable = lose;
    this.#stream = new ServerStream(client, {
      onMessage: data => session.onText(data),
      beforeOpen: () => session.authorize(),
      onLost: lose,
      onBreak: reason =>
        context.log.debug(
          { upstream: client.upstream, reason: String(reason) },
          'the stream of server messages ended unexpectedly',
        ),
    });
    this.#stream.open();
  }

  get listeningSince(): number | undefined {
    return this.#stream.openSince;
  }

  request(method: string, params: JsonObject | undefined, options: RequestOptions): Promise<Answer> {
    const times = requestTimes(options, this.#context.limits);
    return this.#session.send(method, params, times, options);
  }

  async close(): Promise<void> {
    this.#stream.close();
    const { client, hasId } = this.#session;
    if (hasId) await client.endSession(AbortSignal.timeout(endTimeoutMs)).catch(() => {});
    client.close();
  }

  async release(): Promise<void> {
    this.#stream.close();
    this.#session.client.close();
  }

  #lose(reason: unknown): void {
    if (this.#isLost) return;
    this.#isLost = true;
    const explanation = reason instanceof Fault ? reason.hint : String(reason);
    this.#context.log.warn({ upstream: this.#session.client.upstream, reason: explanation }, 'the connection was lost');
    this.#context.onLost();
  }
}

/** Adds to the fault of a failed handshake what only shows there: another transport, or TLS at the other end. */
async function explainHandshakeFailure(client: HttpClient, thrown: unknown, signal: AbortSignal): Promise<unknown> {
  if (!(thrown instanceof Fault)) return thrown;
  const { status, cause } = thrown.details;
  if (thrown.code === 'upstream_status' && [400, 404, 405].includes(Number(status))) {
    if (!(await isSseServer(client, signal))) return thrown;
    return new Fault('upstream_transport', { upstream: client.upstream, status }, thrown);
  }
  // A TLS port answers plain HTTP by hanging up, or in TLS.
  const mayBeTls = thrown.code === 'upstream_closed' || (thrown.code === 'upstream_garbage' && cause !== undefined);
  if (!mayBeTls || client.url.protocol !== 'http:') return thrown;
  return thrown.with({ hint: `${thrown.hint}; if it uses TLS, its url must begin with https://` });
}
