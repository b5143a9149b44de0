import { StringDecoder } from 'node:string_decoder';
import type { Dispatcher } from 'undici';
import { createSseReader } from './sse-reader.ts';

/** What came back. Of an event stream the events went to `onEvent`. */
export interface HttpReceived {
  readonly status: number;
  /** Media type without parameters, lower case. */
  readonly type: string;
  /** The whole body; empty for an event stream. */
  readonly text: string;
  /** Where a broken-off event stream can be taken up again, and after how many milliseconds. */
  readonly lastEventId?: string;
  readonly retryMs?: number;
}

/** Who waits for an answer over HTTP. After `onEnd` or `onError` nothing more comes. */
export interface HttpListener {
  /** The data of one event of a stream. */
  onEvent(data: string): void;
  onEnd(received: HttpReceived): void;
  onError(error: Error): void;
}

/** The body is longer than allowed. */
export class TooLarge extends Error {}

/**
 * Reads one answer, a plain body or an event stream, on undici's lowest interface, which costs a quarter of what fetch
 * costs. A class, because one is made for every request: its members are fields and not closures.
 */
export class HttpExchange implements Dispatcher.DispatchHandler {
  readonly #listener: HttpListener;
  readonly #maxBytes: number;
  #controller: Dispatcher.DispatchController | undefined;
  #aborted: Error | undefined;
  #status = 0;
  #type = '';
  #size = 0;
  #chunks: Buffer[] = [];
  #stream: { decoder: StringDecoder; reader: ReturnType<typeof createSseReader> } | undefined;

  constructor(listener: HttpListener, maxBytes: number) {
    this.#listener = listener;
    this.#maxBytes = maxBytes;
  }

  /** Ends it; the listener hears of `reason`, unless it has heard of the end. */
  abort(reason: Error): void {
    this.#aborted = reason;
    this.#controller?.abort(reason);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#aborted) controller.abort(this.#aborted);
  }

  onResponseStart(_: Dispatcher.DispatchController, status: number, headers: Headers): void {
    this.#status = status;
    this.#type = mediaType(headers['content-type']);
    if (status !== 200 || this.#type !== 'text/event-stream') return;
    const reader = createSseReader(({ event, data }) => {
      this.#size = 0;
      // An event without data only tells where the stream can be taken up again.
      if (event === 'message' && data !== '') this.#listener.onEvent(data);
    });
    this.#stream = { reader, decoder: new StringDecoder('utf8') };
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#size += chunk.length;
    if (this.#size > this.#maxBytes) controller.abort(new TooLarge());
    else if (this.#stream) this.#stream.reader.push(this.#stream.decoder.write(chunk));
    else this.#chunks.push(chunk);
  }

  onResponseEnd(): void {
    const [only, ...more] = this.#chunks;
    const text = (more.length === 0 ? only : Buffer.concat(this.#chunks))?.toString('utf8') ?? '';
    this.#listener.onEnd({ status: this.#status, type: this.#type, text, ...this.#stream?.reader.state });
  }

  onResponseError(_: Dispatcher.DispatchController, error: Error): void {
    const cut = this.#stream?.reader.state.lastEventId !== undefined;
    // A stream that broke off where it can be taken up again is a stream that ended.
    if (cut && !this.#aborted && !(error instanceof TooLarge)) this.onResponseEnd();
    else this.#listener.onError(error);
  }
}

type Headers = Readonly<Record<string, string | string[] | undefined>>;

function mediaType(header: string | string[] | undefined): string {
  const text = Array.isArray(header) ? header[0] : header;
  if (text === undefined || text === 'application/json') return text ?? '';
  return (text.split(';', 1)[0] ?? '').trim().toLowerCase();
}
