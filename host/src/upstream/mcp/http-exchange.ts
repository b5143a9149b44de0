import { StringDecoder } from 'node:string_decoder';
import type { Dispatcher } from 'undici';
import { TooLarge } from '../../core/too-large.ts';
import { ContentDecoder, codingOf } from './content-decoder.ts';
import { createSseReader } from './sse-reader.ts';

/** A complete response. The events of an event stream went to `onEvent`. */
export interface HttpReceived {
  readonly status: number;
  /** Media type without parameters, lower case. */
  readonly type: string;
  readonly headers: HttpHeaders;
  /** The whole body; empty for an event stream. */
  readonly text: string;
  /** Where a broken event stream can be resumed, and after how many milliseconds. */
  readonly lastEventId?: string | undefined;
  readonly retryMs?: number | undefined;
}

/** Receives one response. After `onEnd` or `onError` nothing more comes. */
export interface HttpListener {
  /** Status and headers have arrived. */
  readonly onStart?: ((status: number, type: string, headers: HttpHeaders) => void) | undefined;
  /** The data of one event of a stream, and its name. */
  onEvent(data: string, name: string): void;
  onEnd(received: HttpReceived): void;
  onError(error: Error): void;
}

/** Headers of a response, their names in lower case. */
export type HttpHeaders = Readonly<Record<string, string | string[] | undefined>>;

export const eventStream = 'text/event-stream';

/**
 * Bytes of an event stream that are read without a pause: small events cost much more than their bytes, and other
 * connections must have their turn. Not less than a socket reads at once, or the rest would be copied again and again.
 */
const stretch = 64 * 1024;

/**
 * Reads one response, a plain body or an event stream, on undici's lowest interface, which costs a quarter of what fetch
 * costs. One is made for every request, so it allocates nothing that a plain body does not need: its listener gets the
 * exchange itself as what was received.
 */
export class HttpExchange implements Dispatcher.DispatchHandler, HttpReceived {
  status = 0;
  type = '';
  headers: HttpHeaders = {};
  text = '';
  readonly #listener: HttpListener;
  readonly #maxBytes: number;
  #controller: Dispatcher.DispatchController | undefined;
  #aborted: Error | undefined;
  #isOver = false;
  /** The listener asked for a pause. */
  #isPaused = false;
  /** The decoder's buffer is full. */
  #isFull = false;
  /** Other connections have their turn. */
  #isResting = false;
  #sinceRest = 0;
  #size = 0;
  #first: Buffer | undefined;
  /** The chunks of a body behind the first. Most bodies have one. */
  #more: Buffer[] | undefined;
  #stream: { decoder: StringDecoder; reader: ReturnType<typeof createSseReader> } | undefined;
  #decoder: ContentDecoder | undefined;

  /** @param maxBytes of a body, or of one event, when it is decoded */
  constructor(listener: HttpListener, maxBytes: number) {
    this.#listener = listener;
    this.#maxBytes = maxBytes;
  }

  /** Whether it has been written to a connection, in part at least. */
  get isStarted(): boolean {
    return this.#controller !== undefined;
  }

  /** Ends it; the listener gets `reason` as the error, unless it has ended already. */
  abort(reason: Error): void {
    this.#aborted = reason;
    this.#controller?.abort(reason);
  }

  /** Reads nothing more until `resume`, so that the server has to wait. */
  pause(): void {
    this.#isPaused = true;
    this.#controller?.pause();
  }

  resume(): void {
    this.#isPaused = false;
    this.#goOn();
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#aborted) controller.abort(this.#aborted);
  }

  onResponseStart(_: Dispatcher.DispatchController, status: number, headers: HttpHeaders): void {
    // A 1xx response precedes the real one.
    if (status < 200) return;
    this.status = status;
    this.headers = headers;
    this.type = mediaType(headers['content-type']);
    this.#listener.onStart?.(status, this.type, headers);
    if (headers['content-encoding'] !== undefined) this.#decode(String(headers['content-encoding']));
    if (status >= 300 || this.type !== eventStream) return;
    const reader = createSseReader(({ event, data }) => {
      this.#size = 0;
      // An event without data only says where the stream can be resumed.
      if (data !== '') this.#listener.onEvent(data, event);
    });
    this.#stream = { reader, decoder: new StringDecoder('utf8') };
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#stream !== undefined) this.#rest(controller, chunk.length);
    if (this.#decoder === undefined) this.#take(chunk);
    else if (!this.#decoder.write(chunk, () => this.#onDrain())) {
      this.#isFull = true;
      controller.pause();
    }
  }

  onResponseEnd(): void {
    if (this.#decoder === undefined) this.#end();
    else this.#decoder.end();
  }

  onResponseError(_: Dispatcher.DispatchController, error: Error): void {
    // A stream that breaks where it can be resumed counts as ended.
    if (this.lastEventId !== undefined && !this.#aborted && !(error instanceof TooLarge)) this.#end();
    else this.#fail(error);
  }

  get lastEventId(): string | undefined {
    return this.#stream?.reader.state.lastEventId;
  }

  get retryMs(): number | undefined {
    return this.#stream?.reader.state.retryMs;
  }

  #decode(header: string): void {
    const coding = codingOf(header);
    if (coding === undefined) return;
    this.#decoder = new ContentDecoder(coding, {
      onData: chunk => this.#take(chunk),
      onEnd: () => this.#end(),
      onError: error => this.#break(error),
    });
  }

  #onDrain(): void {
    this.#isFull = false;
    this.#goOn();
  }

  #rest(controller: Dispatcher.DispatchController, bytes: number): void {
    this.#sinceRest += bytes;
    if (this.#sinceRest < stretch) return;
    this.#sinceRest = 0;
    this.#isResting = true;
    controller.pause();
    setImmediate(() => {
      this.#isResting = false;
      this.#goOn();
    });
  }

  #goOn(): void {
    if (!this.#isPaused && !this.#isFull && !this.#isResting) this.#controller?.resume();
  }

  #take(chunk: Buffer): void {
    if (this.#isOver) return;
    this.#size += chunk.length;
    if (this.#size > this.#maxBytes) this.#break(new TooLarge(this.#maxBytes));
    else if (this.#stream) this.#stream.reader.push(this.#stream.decoder.write(chunk));
    else if (this.#first === undefined) this.#first = chunk;
    else if (this.#more === undefined) this.#more = [chunk];
    else this.#more.push(chunk);
  }

  /** The answer cannot be used, so the rest of it is not read. */
  #break(error: Error): void {
    this.#aborted ??= error;
    this.#fail(error);
    this.#controller?.abort(error);
  }

  #end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    if (this.#first !== undefined) {
      const body = this.#more === undefined ? this.#first : Buffer.concat([this.#first, ...this.#more]);
      this.text = body.toString('utf8');
    }
    this.#listener.onEnd(this);
  }

  #fail(error: Error): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#decoder?.destroy();
    this.#listener.onError(error);
  }
}

function mediaType(header: string | string[] | undefined): string {
  const text = Array.isArray(header) ? header[0] : header;
  if (text === undefined || text === 'application/json') return text ?? '';
  return (text.split(';', 1)[0] ?? '').trim().toLowerCase();
}
