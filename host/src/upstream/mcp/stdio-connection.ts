import { Fault } from '../../core/fault.ts';
import type { JsonObject } from '../../core/json.ts';
import type { Answer } from '../../mcp/answer.ts';
import { createRequestIds } from '../../mcp/request-id.ts';
import type { RequestOptions } from '../upstream.ts';
import { childCredential } from './child-credential.ts';
import { type Child, type ChildEvents, type Command, startChild } from './child-process.ts';
import type { Connection, ConnectionContext, RequestTimes } from './connection.ts';
import type { Peer } from './handshake/handshake.ts';
import {
  type CancelReason,
  cancelledMessage,
  PendingRequest,
  requestTimes,
  withOwnProgressToken,
} from './pending-request.ts';
import { createStderrLog } from './server-output-log.ts';
import { startTimes, withinStartDeadline } from './start-deadline.ts';
import { StdoutReader } from './stdout-reader.ts';

/** Bytes that wait for a child to read them, beyond which its own requests are not answered. */
const mostUnread = 64 * 1024;

/**
 * Starts a child and performs the handshake with it (MCP 2025-11-25, Transports § stdio).
 * @throws Fault `upstream_…`
 */
export async function connectStdio(
  upstream: string,
  command: Command,
  context: ConnectionContext,
): Promise<Connection> {
  const session = new StdioSession(upstream, context);
  const own = context.auth && (await childCredential(upstream, context.auth));
  const starting = startChild(
    own === undefined ? command : { ...command, env: { ...command.env, ...own.env } },
    context.limits.maxAnswerBytes,
    session,
  );
  try {
    const serverInfo = await withinStartDeadline(upstream, context, async signal => {
      session.attach(await starting);
      return context.handshake(upstream, session, signal);
    });
    session.throwIfEnded();
    const close = () => session.close();
    const connection: Connection = {
      serverInfo,
      keepsState: true,
      listeningSince: Date.now(),
      request: (method, params, options) =>
        session.send(method, params, requestTimes(options, context.limits), options),
      close,
      release: close,
    };
    return own === undefined ? connection : own.whileCurrent(connection);
  } catch (thrown) {
    await session.abandon(starting);
    throw thrown;
  }
}

/** The messages that are exchanged with one child, from its start to its end. */
class StdioSession implements Peer, ChildEvents {
  readonly #upstream: string;
  readonly #context: ConnectionContext;
  readonly #pending = new Map<number, PendingRequest>();
  readonly #nextId = createRequestIds();
  readonly #stdout: StdoutReader;
  readonly #logStderr: (line: string) => void;
  #child: Child | undefined;
  #ended: Fault | undefined;
  #isClosing = false;
  #lastStderr = '';

  constructor(upstream: string, context: ConnectionContext) {
    this.#upstream = upstream;
    this.#context = context;
    this.#logStderr = createStderrLog(upstream, context.log);
    this.#stdout = new StdoutReader(upstream, context, this.#pending, response => {
      // A server that sends many requests and reads no answers must not fill the gateway's memory.
      if (this.#child !== undefined && this.#child.unsent <= mostUnread) this.#child.send(JSON.stringify(response));
    });
  }

  attach(child: Child): void {
    this.#child = child;
  }

  /** @throws Fault `upstream_closed` when the child has ended */
  throwIfEnded(): void {
    if (this.#ended) throw this.#ended;
  }

  send(method: string, params: JsonObject | undefined, times: RequestTimes, options: RequestOptions): Promise<Answer> {
    if (this.#ended) return Promise.reject(this.#ended);
    const child = this.#child;
    if (child === undefined || child.unsent > this.#context.limits.maxAnswerBytes) {
      const hint = `it does not read its stdin: ${child?.unsent} bytes are waiting`;
      return Promise.reject(new Fault('upstream_unavailable', { upstream: this.#upstream, hint }));
    }
    const id = this.#nextId();
    const sent = withOwnProgressToken(params, options.onNotification === undefined ? undefined : id);
    const line = JSON.stringify({ jsonrpc: '2.0', id, method, params: sent });
    const request = new StdioRequest(this.#upstream, id, method, times, options, child, this.#pending);
    child.send(line);
    return request.answer;
  }

  request(method: string, params: JsonObject, signal: AbortSignal): Promise<Answer> {
    const send = (options: RequestOptions) => this.send(method, params, startTimes(this.#context.limits), options);
    return this.#context.auth?.hidden({ signal }, send) ?? send({ signal });
  }

  async notify(method: string): Promise<void> {
    this.#child?.send(JSON.stringify({ jsonrpc: '2.0', method }));
  }

  onLine(line: string): void {
    this.#stdout.onLine(line);
  }

  onLongLine(head: string, tail: string): void {
    this.#stdout.onLongLine(head, tail);
  }

  onStderr(line: string): void {
    this.#lastStderr = line.slice(0, 2_000);
    this.#logStderr(this.#lastStderr);
  }

  onExit(reason: string): void {
    const upstream = this.#upstream;
    if (!this.#isClosing) {
      this.#context.log.warn({ upstream, reason, stderr: this.#lastStderr }, 'the process of the upstream ended');
    }
    this.#ended = new Fault('upstream_closed', { upstream, hint: `${reason}; see its stderr in the log` });
    for (const request of [...this.#pending.values()]) request.reject(this.#ended);
    if (!this.#isClosing) this.#context.onLost();
  }

  async close(): Promise<void> {
    this.#isClosing = true;
    await this.#child?.close();
  }

  /** Ends a child that did not complete the handshake, also where it is still starting. */
  async abandon(starting: Promise<Child>): Promise<void> {
    this.#isClosing = true;
    const child = await starting.catch(() => undefined);
    await child?.close();
  }
}

/** A request to a child. All calls share its pipe, so a busy caller cannot make it wait. */
class StdioRequest extends PendingRequest {
  readonly #child: Child;
  readonly #pending: Map<number, PendingRequest>;

  constructor(
    upstream: string,
    id: number,
    method: string,
    times: RequestTimes,
    options: RequestOptions,
    child: Child,
    pending: Map<number, PendingRequest>,
  ) {
    super(upstream, id, method, times, options);
    this.#child = child;
    this.#pending = pending;
    pending.set(id, this);
  }

  protected override onSettled(): void {
    this.#pending.delete(this.id);
  }

  protected override cancel(reason: CancelReason): void {
    const message = cancelledMessage(this, reason);
    if (message !== undefined) this.#child.send(JSON.stringify(message));
  }
}
