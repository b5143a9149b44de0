import { Fault } from '../../core/fault.ts';
import type { HeaderList } from '../../core/http-header.ts';
import { isJsonObject, type Json, type JsonObject } from '../../core/json.ts';
import { readJson } from '../../core/json-reader.ts';
import { JsonExcess } from '../../core/json-scan.ts';
import { type Answer, errorAnswer, readAnswer } from '../../mcp/answer.ts';
import { idAtEdge, ownId } from '../../mcp/request-id.ts';
import { markUnsent } from '../unsent.ts';
import type { RequestOptions } from '../upstream.ts';
import { asNotification, belongsToCall, type RequestTimes, SessionExpired } from './connection.ts';
import { endGrace, type HttpClient } from './http-client.ts';
import { eventStream, type HttpExchange, type HttpListener, type HttpReceived } from './http-exchange.ts';
import { httpFault, isUnreachable, statusFault } from './http-fault.ts';
import { type CancelReason, cancelledMessage, PendingRequest, withOwnProgressToken } from './pending-request.ts';

/** The MCP session that a request belongs to. */
export interface RequestSession {
  readonly client: HttpClient;
  /** Whether the server gave us a session id, which it may forget. */
  readonly hasId: boolean;
  nextId(): number;
  /** Takes a message that is neither our answer nor belongs to a call. */
  onMessage(message: JsonObject): void;
  /** Takes an event that is not a message. */
  onSkipped(data: string): void;
  /** The server could not be reached at all. */
  onUnreachable(reason: unknown): void;
}

/** How often in a row a broken stream is resumed without having delivered anything. */
const maxResumes = 5;
/** Milliseconds until a broken stream is resumed, unless the server says otherwise. */
const defaultRetry = 1_000;

/** A request over HTTP. Its answer comes in a plain body, or in an event stream that may have to be resumed. */
export class HttpRequest extends PendingRequest implements HttpListener {
  readonly onStart: HttpListener['onStart'];
  readonly #session: RequestSession;
  #exchange: HttpExchange;
  readonly #post: HttpExchange | undefined;
  #graceTimer: NodeJS.Timeout | undefined;
  #resumes = 0;
  #resumedFrom: string | undefined;

  /** Sends it. @param onStart receives status and headers of the response */
  constructor(
    session: RequestSession,
    method: string,
    params: JsonObject | undefined,
    times: RequestTimes,
    options: RequestOptions,
    onStart?: HttpListener['onStart'],
  ) {
    const { client } = session;
    const id = session.nextId();
    const sent = withOwnProgressToken(params, options.onNotification === undefined ? undefined : id);
    const body = `{"jsonrpc":"2.0","id":${id},"method":${JSON.stringify(method)},"params":${JSON.stringify(sent ?? {})}}`;
    super(client.upstream, id, method, times, options);
    this.#session = session;
    this.onStart = onStart;
    this.#exchange = client.post(
      body,
      this,
      options.traceHeaders === undefined ? options.headers : ownHeaders(options),
    );
    this.#post = this.#exchange;
  }

  onEvent(data: string, name: string): void {
    if (this.isSettled || name !== 'message') return;
    try {
      const message = this.#read(data);
      if (message === undefined) return;
      if (ownId(message.id) === this.id && message.method === undefined) {
        this.resolve(readAnswer(this.upstream, message, data));
        this.#graceTimer = setTimeout(() => this.#exchange.abort(new Error('answered')), endGrace).unref();
      } else this.#onOtherMessage(message);
    } catch (fault) {
      this.reject(fault);
      this.#exchange.abort(new Error('not supported'));
    }
  }

  onEnd(received: HttpReceived): void {
    clearTimeout(this.#graceTimer);
    if (this.isSettled) return;
    try {
      if (received.status < 300 && received.type === eventStream) this.#resume(received);
      else this.resolve(readBody(this.#session, this.id, received));
    } catch (fault) {
      this.reject(fault);
    }
  }

  onError(error: Error): void {
    clearTimeout(this.#graceTimer);
    if (this.isSettled) return;
    const fault = httpFault(this.upstream, this.#session.client.url, error) ?? error;
    if (this.#post?.isStarted !== true) markUnsent(fault);
    if (isUnreachable(fault)) this.#session.onUnreachable(fault);
    this.reject(fault);
  }

  protected override cancel(reason: CancelReason): void {
    this.#exchange.abort(new Error(reason));
    const message = cancelledMessage(this, reason);
    if (message !== undefined) this.#session.client.send(message).catch(() => {});
  }

  protected override pause(): void {
    this.#exchange.pause();
  }

  protected override resume(): void {
    this.#exchange.resume();
  }

  /** Undefined for an event that is neither a message nor part of our answer: it is logged and skipped. */
  #read(data: string): JsonObject | undefined {
    try {
      return readMessage(this.upstream, data);
    } catch (fault) {
      const isOurs = idAtEdge(data, data) === this.id;
      if (isOurs || !(fault instanceof Fault) || fault.code !== 'upstream_garbage') throw fault;
      this.#session.onSkipped(data);
      return undefined;
    }
  }

  /** Takes a message that is not our answer: progress, a log message, or a message of the server to all. */
  #onOtherMessage(message: JsonObject): void {
    const notification = asNotification(message);
    if (notification === undefined || !belongsToCall(notification)) this.#session.onMessage(message);
    else this.notify(notification);
  }

  #resume({ lastEventId, retryMs = defaultRetry }: HttpReceived): void {
    this.#resumes = lastEventId === this.#resumedFrom ? this.#resumes + 1 : 0;
    this.#resumedFrom = lastEventId;
    if (lastEventId === undefined || this.#resumes > maxResumes) {
      const hint = 'its event stream ended without the answer';
      throw new Fault('upstream_closed', { upstream: this.upstream, method: this.method, hint });
    }
    setTimeout(() => {
      if (!this.isSettled) this.#exchange = this.#session.client.listen(lastEventId, this);
    }, retryMs);
  }
}

/** Returns the headers of one request. No plugin replaces the context of the trace. */
function ownHeaders({ headers = [], traceHeaders = [] }: RequestOptions): HeaderList {
  const names = new Set(traceHeaders.map(([name]) => name));
  return [...headers.filter(([name]) => !names.has(name.toLowerCase())), ...traceHeaders];
}

/**
 * Reads one message of an upstream.
 * @throws Fault `upstream_garbage`, `upstream_too_large`
 */
export function readMessage(upstream: string, text: string): JsonObject {
  let message: Json | undefined;
  try {
    message = readJson(text);
  } catch (cause) {
    if (cause instanceof JsonExcess)
      throw new Fault('upstream_too_large', { upstream, hint: `Its answer is ${cause.message}.` });
    throw new Fault('upstream_garbage', { upstream, hint: `it answered ${text.slice(0, 80)}` }, cause);
  }
  if (isJsonObject(message)) return message;
  throw new Fault('upstream_garbage', { upstream, hint: `it answered ${text.slice(0, 80)}` });
}

/** The answer in a plain body, or what its status means. */
function readBody({ client, hasId }: RequestSession, id: number, received: HttpReceived): Answer {
  const { upstream, url } = client;
  const { status, type, text } = received;
  if (status < 300 && text.trim() === '') {
    const hint = `it answered a request with HTTP status ${status} and no body`;
    throw new Fault('upstream_garbage', { upstream, status, hint });
  }
  if (status < 300) {
    const message = readMessage(upstream, text);
    if (ownId(message.id) === id) return readAnswer(upstream, message, text);
    // The server could not read the id, but its error answers this request all the same.
    if (message.id === null && isJsonObject(message.error)) return readAnswer(upstream, message, text);
    throw new Fault('upstream_garbage', { upstream, hint: `it answered a different request (${type})` });
  }
  const message = objectIn(text);
  const refusal = () => {
    const fault = statusFault(upstream, url, received);
    if (message === undefined || fault.code !== 'upstream_status') throw fault;
    const isOurs = ownId(message.id) === id;
    // A server that fails as a whole answers 5xx, and its error is not one of this request.
    if (!isOurs && status >= 500) throw fault;
    return refusalAnswer(upstream, message, text, fault);
  };
  if (hasId && forgotSession(status, message)) throw new SessionExpired(refusal);
  return refusal();
}

/** A JSON-RPC error that came with an HTTP status, which the client receives too. */
function refusalAnswer(upstream: string, message: JsonObject, text: string, fault: Fault): Answer {
  try {
    const { error } = readAnswer(upstream, message, text);
    if (error === undefined) throw fault;
    const { status, retry_after_ms } = fault.details;
    if (retry_after_ms === undefined || !(error.data === undefined || isJsonObject(error.data))) {
      return readAnswer(upstream, message, text);
    }
    return errorAnswer({ ...error, data: { ...error.data, status, retry_after_ms } });
  } catch {
    throw fault;
  }
}

/**
 * The spec's status for a forgotten session is 404 (§ Session Management). Servers made after the SDK's own example answer
 * 400 with an error that belongs to no request, and say so in words.
 */
function forgotSession(status: number, message: JsonObject | undefined): boolean {
  if (status === 404) return true;
  const error = message?.error;
  return (
    status === 400 && (message?.id ?? null) === null && isJsonObject(error) && /session/i.test(String(error.message))
  );
}

function objectIn(text: string): JsonObject | undefined {
  try {
    const message = readJson(text);
    return isJsonObject(message) ? message : undefined;
  } catch {
    return undefined;
  }
}
