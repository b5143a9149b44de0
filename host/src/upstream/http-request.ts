import { Fault } from '../core/fault.ts';
import { isJsonObject, type JsonObject } from '../core/json.ts';
import { doubleOf } from '../core/json-number.ts';
import { readJson } from '../core/json-reader.ts';
import { type Answer, errorAnswer, readAnswer } from './answer.ts';
import { asNotification, readMessage, SessionExpired, withOwnProgressToken } from './connection.ts';
import type { HttpExchange, HttpListener, HttpReceived } from './http-exchange.ts';
import { httpFault, statusFault } from './http-fault.ts';
import { ownId } from './request-id.ts';
import type { RequestOptions } from './upstream.ts';

/** The connection that requests are sent on. */
export interface HttpWire {
  readonly upstream: string;
  /** Whether the server gave us a session, which it may forget. */
  readonly hasSession: boolean;
  post(body: string, listener: HttpListener): HttpExchange;
  /** Takes up a broken-off event stream. */
  resume(lastEventId: string, listener: HttpListener): HttpExchange;
  /** Hands a request of the server to the MCP client, which answers it. */
  hearRequest(message: JsonObject): void;
}

/** How often in a row a broken-off stream is taken up again without having brought anything. */
const maxResumes = 5;
/** Milliseconds until a broken-off stream is taken up again, unless the server says otherwise. */
const defaultRetry = 1_000;
/** Milliseconds that a server has to end the stream on which it has answered. */
const streamEndGrace = 5_000;

/**
 * Sends one request and reads its answer, from a plain body or from an event stream.
 * @throws Fault `upstream_…`, SessionExpired, the signal's reason
 */
export function sendRequest(
  wire: HttpWire,
  id: number,
  method: string,
  params: JsonObject | undefined,
  options: RequestOptions & { readonly timeoutMs: number },
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
  readonly #options: RequestOptions & { readonly timeoutMs: number };
  readonly #resolve: (answer: Answer) => void;
  readonly #reject: (reason: unknown) => void;
  readonly #timer: NodeJS.Timeout;
  #exchange: HttpExchange;
  #done = false;
  #graceTimer: NodeJS.Timeout | undefined;
  #resumes = 0;
  #resumedFrom: string | undefined;

  constructor(
    wire: HttpWire,
    id: number,
    method: string,
    params: JsonObject | undefined,
    options: RequestOptions & { readonly timeoutMs: number },
    resolve: (answer: Answer) => void,
    reject: (reason: unknown) => void,
  ) {
    this.#wire = wire;
    this.#id = id;
    this.#method = method;
    this.#options = options;
    this.#resolve = resolve;
    this.#reject = reject;
    this.#timer = setTimeout(this.#onTimeout, options.timeoutMs);
    options.signal?.addEventListener('abort', this.#onAbort);
    const sent = withOwnProgressToken(params, options.onNotification === undefined ? undefined : id);
    const body = `{"jsonrpc":"2.0","id":${id},"method":${JSON.stringify(method)},"params":${JSON.stringify(sent ?? {})}}`;
    this.#exchange = wire.post(body, this);
  }

  onEvent(data: string): void {
    if (this.#done) return;
    try {
      const message = readMessage(this.#wire.upstream, data);
      if (ownId(message.id) === this.#id && message.method === undefined) {
        this.#settle(readAnswer(this.#wire.upstream, message, data));
        this.#graceTimer = setTimeout(() => this.#exchange.abort(new Error('answered')), streamEndGrace).unref();
      } else this.#hear(message);
    } catch (fault) {
      this.#fail(fault);
    }
  }

  onEnd(received: HttpReceived): void {
    clearTimeout(this.#graceTimer);
    if (this.#done) return;
    try {
      if (received.status === 200 && received.type === 'text/event-stream') this.#resume(received);
      else this.#settle(readBody(this.#wire, this.#id, received));
    } catch (fault) {
      this.#fail(fault);
    }
  }

  onError(error: Error): void {
    clearTimeout(this.#graceTimer);
    if (!this.#done) this.#fail(httpFault(this.#wire.upstream, error) ?? error);
  }

  /** A message that is not our answer: progress, a log message, or a request of the server. */
  #hear(message: JsonObject): void {
    const notification = asNotification(message);
    if (notification) this.#options.onNotification?.(notification);
    else if (message.method !== undefined) this.#wire.hearRequest(message);
  }

  #resume({ lastEventId, retryMs = defaultRetry }: HttpReceived): void {
    this.#resumes = lastEventId === this.#resumedFrom ? this.#resumes + 1 : 0;
    this.#resumedFrom = lastEventId;
    if (lastEventId === undefined || this.#resumes > maxResumes) {
      const hint = 'its event stream ended without the answer';
      throw new Fault('upstream_closed', { upstream: this.#wire.upstream, method: this.#method, hint });
    }
    setTimeout(() => {
      if (!this.#done) this.#exchange = this.#wire.resume(lastEventId, this);
    }, retryMs);
  }

  readonly #onTimeout = () => {
    const { timeoutMs } = this.#options;
    const about = { upstream: this.#wire.upstream, method: this.#method, after_ms: timeoutMs };
    this.#giveUp(new Fault('upstream_timeout', about), 'timed out');
  };

  readonly #onAbort = () => this.#giveUp(this.#options.signal?.reason, 'the caller cancelled');

  #giveUp(reason: unknown, told: string): void {
    if (this.#done) return;
    this.#fail(reason);
    this.#exchange.abort(new Error(told));
    const params = { requestId: this.#id, reason: told };
    this.#wire.post(JSON.stringify({ jsonrpc: '2.0', method: 'notifications/cancelled', params }), nobody);
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
    clearTimeout(this.#timer);
    this.#options.signal?.removeEventListener('abort', this.#onAbort);
  }
}

/** Waits for nothing: a notification has no answer. */
const nobody: HttpListener = { onEvent() {}, onEnd() {}, onError() {} };

/** The answer in a plain body, or what its status means. */
function readBody({ upstream, hasSession }: HttpWire, id: number, { status, type, text }: HttpReceived): Answer {
  if (status === 200) {
    const message = readMessage(upstream, text);
    if (ownId(message.id) === id) return readAnswer(upstream, message, text);
    throw new Fault('upstream_garbage', { upstream, hint: `it answered another request than ours (${type})` });
  }
  const error = errorIn(text);
  // The spec's status for a forgotten session is 404 (§ Session Management); servers made after the SDK's own example
  // answer 400 and say so in words.
  if (hasSession && (status === 404 || (status === 400 && /session/i.test(String(error?.message))))) {
    throw new SessionExpired();
  }
  if (error && status < 500 && status !== 401 && status !== 403) {
    return errorAnswer({ code: doubleOf(error.code) ?? -32603, message: String(error.message), data: error.data });
  }
  throw statusFault(upstream, status);
}

function errorIn(text: string): JsonObject | undefined {
  try {
    const message = readJson(text);
    const error = isJsonObject(message) ? message.error : undefined;
    return isJsonObject(error) ? error : undefined;
  } catch {
    return undefined;
  }
}
