import type { HttpClient } from './http-client.ts';
import { eventStream, type HttpExchange, type HttpReceived } from './http-exchange.ts';
import { httpFault, isUnreachable, statusFault } from './http-fault.ts';

/** Milliseconds between the end of a stream and the next attempt. */
const pause = { first: 1_000, most: 30_000 };

export interface StreamEvents {
  onMessage(data: string): void;
  /** The stream will not come back: the server cannot be reached, or it has forgotten the session. */
  onLost(reason: unknown): void;
  /** Prepares another attempt, such as with a new credential. */
  beforeOpen?(): Promise<void>;
  /** The stream ended, and will be opened again. */
  onBreak(reason: unknown): void;
}

/**
 * The stream of a server's own messages, the answer to GET (MCP 2025-11-25, Transports § Listening for Messages). It is
 * opened again whenever it ends, and resumed where it ended if the server supports that. A server may have none.
 */
export class ServerStream {
  readonly #client: HttpClient;
  readonly #on: StreamEvents;
  #exchange: HttpExchange | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;
  #openSince: number | undefined;
  #wasOpen = false;
  #lastEventId: string | undefined;
  #failures = 0;

  constructor(client: HttpClient, on: StreamEvents) {
    this.#client = client;
    this.#on = on;
  }

  /** When it was opened, in milliseconds since the epoch; undefined while it is not open. */
  get openSince(): number | undefined {
    return this.#openSince;
  }

  open(): void {
    this.#exchange = this.#client.listen(this.#lastEventId, {
      onStart: (status, type) => {
        if (status !== 200 || type !== eventStream) return;
        this.#openSince = Date.now();
        this.#wasOpen = true;
      },
      onEvent: (data, name) => {
        this.#failures = 0;
        if (name === 'message') this.#on.onMessage(data);
      },
      onEnd: received => this.#ended(received),
      onError: error => this.#failed(httpFault(this.#client.upstream, this.#client.url, error) ?? error),
    });
  }

  close(): void {
    this.#isClosed = true;
    this.#openSince = undefined;
    clearTimeout(this.#timer);
    this.#exchange?.abort(new Error('closed'));
  }

  #ended(received: HttpReceived): void {
    const { status, type, lastEventId, retryMs } = received;
    this.#openSince = undefined;
    if (this.#isClosed) return;
    if (status === 200 && type === eventStream) {
      this.#lastEventId = lastEventId ?? this.#lastEventId;
      this.#again(new Error('it ended'), retryMs);
    } else {
      const fault = statusFault(this.#client.upstream, this.#client.url, received);
      if (status >= 500 || status === 429) this.#again(fault, retryMs);
      // Before the first stream, 404 and the like mean that the server has none.
      else if (status === 404 && this.#wasOpen) this.#on.onLost(fault);
    }
  }

  #failed(reason: unknown): void {
    this.#openSince = undefined;
    if (this.#isClosed) return;
    if (isUnreachable(reason)) this.#on.onLost(reason);
    else this.#again(reason, undefined);
  }

  #again(reason: unknown, retryMs: number | undefined): void {
    this.#on.onBreak(reason);
    const wait = Math.min(pause.first * 2 ** this.#failures, pause.most);
    this.#failures = Math.min(this.#failures + 1, 10);
    this.#timer = setTimeout(() => void this.#reopen(), retryMs ?? wait).unref();
  }

  async #reopen(): Promise<void> {
    await this.#on.beforeOpen?.().catch(() => {});
    if (!this.#isClosed) this.open();
  }
}
