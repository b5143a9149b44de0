import { StringDecoder } from 'node:string_decoder';
import type { Dispatcher } from 'undici';
import { TooLarge } from '../../core/too-large.ts';
import { ContentDecoder, codingOf } from './content-decoder.ts';
import { createSseReader } from './sse-reader.ts';

/** What came back. Of an event stream the events went to `onEvent`. */
export interface HttpReceived {
  readonly status: number;
  /** Media type without parameters, lower case. */
  readonly type: string;
  readonly headers: HttpHeaders;
  /** The whole body; empty for an event stream. */
  readonly text: string;
  /** Where a broken-off event stream can be taken up again, and after how many milliseconds. */
  readonly lastEventId?: string;
  readonly retryMs?: number;
}

/** Who waits for an answer over HTTP. After `onEnd` or `onError` nothing more comes. */
export interface HttpListener {
  /** Status and headers are there. */
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
 * Bytes of an event stream that are read at a stretch, because small events cost much more than their bytes, and others
 * must have their turn. Not less than a socket reads at once: the rest would be copied again and again.
 */
const stretch = 64 * 1024;

/**
 * Reads one answer, a plain body or an event stream, on undici's lowest interface, which costs a quarter of what fetch
 * costs. A class, because one is made for every request: its members are fields and not closures.
 */
export class HttpExchange implements Dispatcher.DispatchHandler {
  readonly #listener: HttpListener;
  readonly #maxBytes: number;
  #controller: Dispatcher.DispatchController | undefined;
  #aborted: Error | undefined;
  #isOver = false;
  /** The listener asked for a pause. */
  #isPaused = false;
  /** The decoder has enough to do. */
  #isFull = false;
  /** Others have their turn. */
  #isResting = false;
  #sinceRest = 0;
  #status = 0;
  #type = '';
  #headers: HttpHeaders = {};
  #size = 0;
  #chunks: Buffer[] = [];
  #stream: { decoder: StringDecoder; reader: ReturnType<typeof createSseReader> } | undefined;
  #decoder: ContentDecoder | undefined;

  /** @param maxBytes of a body, or of one event, when it is decoded */
  constructor(listener: HttpListener, maxBytes: number) {
    this.#listener = listener;
    this.#maxBytes = maxBytes;
  }

  /** Ends it; the listener hears of `reason`, unless it has heard of the end. */
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
    // 1xx tell of an answer that is still to come.
    if (status < 200) return;
    this.#status = status;
    this.#headers = headers;
    this.#type = mediaType(headers['content-type']);
    this.#listener.onStart?.(status, this.#type, headers);
    const coding =
      headers['content-encoding'] === undefined ? undefined : codingOf(String(headers['content-encoding']));
    if (coding !== undefined) {
      this.#decoder = new ContentDecoder(coding, {
        onData: chunk => this.#take(chunk),
        onEnd: () => this.#end(),
        onError: error => this.#break(error),
      });
    }
    if (status >= 300 || this.#type !== eventStream) return;
    const reader = createSseReader(({ event, data }) => {
      this.#size = 0;
      // An event without data only tells where the stream can be taken up again.
      if (data !== '') this.#listener.onEvent(data, event);
    });
    this.#stream = { reader, decoder: new StringDecoder('utf8') };
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#stream !== undefined) this.#rest(controller, chunk.length);
    if (this.#decoder === undefined) this.#take(chunk);
    else if (!this.#decoder.write(chunk, this.#drained)) {
      this.#isFull = true;
      controller.pause();
    }
  }

  onResponseEnd(): void {
    if (this.#decoder === undefined) this.#end();
    else this.#decoder.end();
  }

  onResponseError(_: Dispatcher.DispatchController, error: Error): void {
    const cut = this.#stream?.reader.state.lastEventId !== undefined;
    // A stream that broke off where it can be taken up again is a stream that ended.
    if (cut && !this.#aborted && !(error instanceof TooLarge)) this.#end();
    else this.#fail(error);
  }

  readonly #drained = () => {
    this.#isFull = false;
    this.#goOn();
  };

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
    else this.#chunks.push(chunk);
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
    const [only, ...more] = this.#chunks;
    const text = (more.length === 0 ? only : Buffer.concat(this.#chunks))?.toString('utf8') ?? '';
    const received = { status: this.#status, type: this.#type, headers: this.#headers, text };
    this.#listener.onEnd({ ...received, ...this.#stream?.reader.state });
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
