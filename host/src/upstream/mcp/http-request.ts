import { Fault } from '../../core/fault.ts';
import { isJsonObject, type JsonObject } from '../../core/json.ts';
import { readJson } from '../../core/json-reader.ts';
import { type Answer, errorAnswer, readAnswer } from '../../mcp/answer.ts';
import type { Notification } from '../../mcp/message.ts';
import { idAtEdge, ownId } from '../../mcp/request-id.ts';
import type { RequestOptions } from '../upstream.ts';
import {
  asNotification,
  belongsToCall,
  type RequestTimes,
  readMessage,
  SessionExpired,
  withOwnProgressToken,
} from './connection.ts';
import { endGrace, type HttpClient } from './http-client.ts';
import {
  eventStream,
  type HttpExchange,
  type HttpHeaders,
  type HttpListener,
  type HttpReceived,
} from './http-exchange.ts';
import { httpFault, statusFault } from './http-fault.ts';
import { RequestTimer } from './request-timer.ts';

/** The connection that requests are sent on. */
export interface HttpWire {
  readonly client: HttpClient;
  /** Whether the server gave us a session, which it may forget. */
  readonly hasSession: boolean;
  /** Takes a message that is neither our answer nor belongs to a call. */
  hear(message: JsonObject): void;
  /** Logs an event that is no message. */
  skip(data: string): void;
}

/** How often in a row a broken-off stream is taken up again without having brought anything. */
const maxResumes = 5;
/** Milliseconds until a broken-off stream is taken up again, unless the server says otherwise. */
const defaultRetry = 1_000;

export interface HttpRequestOptions extends Pick<RequestOptions, 'signal' | 'onNotification' | 'headers'> {
  readonly times: RequestTimes;
  /** Sees status and headers of the answer. */
  readonly onStart?: NonNullable<HttpListener['onStart']>;
}

/**
 * Sends one request and reads its answer, from a plain body or from an event stream.
 * @throws Fault `upstream_…`, SessionExpired, the signal's reason
 */
export function sendRequest(
  wire: HttpWire,
  id: number,
  method: string,
  params: JsonObject | undefined,
  options: HttpRequestOptions,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    new HttpRequest(wire, id, method, params, options, resolve, reject);
  });
}

/** A request that waits for its answer. */
class HttpRequest implements HttpListener {
  readonly #wire: HttpWire;
  readonly #id: number;
  readonly #method: string;
  readonly #options: HttpRequestOptions;
  readonly #resolve: (answer: Answer) => void;
  readonly #reject: (reason: unknown) => void;
  readonly #timer: RequestTimer;
  #exchange: HttpExchange;
  #done = false;
  /** The caller is busy with a notification, so that further ones are dropped and nothing more is read. */
  #isBusy = false;
  #graceTimer: NodeJS.Timeout | undefined;
  #resumes = 0;
  #resumedFrom: string | undefined;

  constructor(
    wire: HttpWire,
    id: number,
    method: string,
    params: JsonObject | undefined,
    options: HttpRequestOptions,
    resolve: (answer: Answer) => void,
    reject: (reason: unknown) => void,
  ) {
    this.#wire = wire;
    this.#id = id;
    this.#method = method;
    this.#options = options;
    this.#resolve = resolve;
    this.#reject = reject;
    this.#timer = new RequestTimer(wire.client.upstream, method, options.times, this.#onExpire);
    options.signal?.addEventListener('abort', this.#onAbort);
    const sent = withOwnProgressToken(params, options.onNotification === undefined ? undefined : id);
    const body = `{"jsonrpc":"2.0","id":${id},"method":${JSON.stringify(method)},"params":${JSON.stringify(sent ?? {})}}`;
    this.#exchange = wire.client.post(body, this, options.headers);
  }

  onStart(status: number, type: string, headers: HttpHeaders): void {
    this.#options.onStart?.(status, type, headers);
  }

  onEvent(data: string, name: string): void {
    if (this.#done || name !== 'message') return;
    try {
      const message = this.#read(data);
      if (message === undefined) return;
      if (ownId(message.id) === this.#id && message.method === undefined) {
        this.#settle(readAnswer(this.#wire.client.upstream, message, data));
        this.#graceTimer = setTimeout(() => this.#exchange.abort(new Error('answered')), endGrace).unref();
      } else this.#hear(message);
    } catch (fault) {
      this.#fail(fault);
      this.#exchange.abort(new Error('not supported'));
    }
  }

  onEnd(received: HttpReceived): void {
    clearTimeout(this.#graceTimer);
    if (this.#done) return;
    try {
      if (received.status < 300 && received.type === eventStream) this.#resume(received);
      else this.#settle(readBody(this.#wire, this.#id, received));
    } catch (fault) {
      this.#fail(fault);
    }
  }

  onError(error: Error): void {
    clearTimeout(this.#graceTimer);
    if (this.#done) return;
    const { upstream, url } = this.#wire.client;
    this.#fail(httpFault(upstream, url, error) ?? error);
  }

  /** Undefined for an event that is no message, and not a part of our answer either: it is logged and skipped. */
  #read(data: string): JsonObject | undefined {
    try {
      return readMessage(this.#wire.client.upstream, data);
    } catch (fault) {
      const isOurs = idAtEdge(data, data) === this.#id;
      if (isOurs || !(fault instanceof Fault) || fault.code !== 'upstream_garbage') throw fault;
      this.#wire.skip(data);
      return undefined;
    }
  }

  /** A message that is not our answer: progress, a log message, or a message of the server to all. */
  #hear(message: JsonObject): void {
    const notification = asNotification(message);
    if (notification === undefined || !belongsToCall(notification)) this.#wire.hear(message);
    else this.#notify(notification);
  }

  #notify(notification: Notification): void {
    if (notification.method === 'notifications/progress') this.#timer.extend();
    if (this.#isBusy) return;
    const busy = this.#options.onNotification?.(notification);
    if (!(busy instanceof Promise)) return;
    this.#isBusy = true;
    this.#exchange.pause();
    const goOn = () => {
      this.#isBusy = false;
      this.#exchange.resume();
    };
    busy.then(goOn, goOn);
  }

  #resume({ lastEventId, retryMs = defaultRetry }: HttpReceived): void {
    this.#resumes = lastEventId === this.#resumedFrom ? this.#resumes + 1 : 0;
    this.#resumedFrom = lastEventId;
    if (lastEventId === undefined || this.#resumes > maxResumes) {
      const hint = 'its event stream ended without the answer';
      throw new Fault('upstream_closed', { upstream: this.#wire.client.upstream, method: this.#method, hint });
    }
    setTimeout(() => {
      if (!this.#done) this.#exchange = this.#wire.client.listen(lastEventId, this);
    }, retryMs);
  }

  readonly #onExpire = (fault: Fault) => this.#giveUp(fault, 'timed out');

  readonly #onAbort = () => this.#giveUp(this.#options.signal?.reason, 'the caller cancelled');

  #giveUp(reason: unknown, told: string): void {
    if (this.#done) return;
    this.#fail(reason);
    this.#exchange.abort(new Error(told));
    // "The `initialize` request MUST NOT be cancelled by clients" (Cancellation § Behavior Requirements).
    if (this.#method === 'initialize') return;
    const params = { requestId: this.#id, reason: told };
    this.#wire.client.tell({ jsonrpc: '2.0', method: 'notifications/cancelled', params }).catch(() => {});
  }

  #settle(answer: Answer): void {
    this.#end();
    this.#resolve(answer);
  }

  #fail(reason: unknown): void {
    this.#end();
    this.#reject(reason);
  }

  #end(): void {
    this.#done = true;
    this.#timer.stop();
    this.#options.signal?.removeEventListener('abort', this.#onAbort);
  }
}

/** The answer in a plain body, or what its status means. */
function readBody({ client, hasSession }: HttpWire, id: number, received: HttpReceived): Answer {
  const { upstream, url } = client;
  const { status, type, text } = received;
  if (status < 300 && text.trim() === '') {
    const hint = `it answered a request with HTTP status ${status} and no body`;
    throw new Fault('upstream_garbage', { upstream, status, hint });
  }
  if (status < 300) {
    const message = readMessage(upstream, text);
    if (ownId(message.id) === id) return readAnswer(upstream, message, text);
    // It could not read the id, or says so; what it answers to is this request all the same.
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
  if (hasSession && forgotSession(status, message)) throw new SessionExpired(refusal);
  return refusal();
}

/** A JSON-RPC error that came with a status, told to the client with that status. */
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
