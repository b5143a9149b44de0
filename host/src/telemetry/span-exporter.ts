import type { Span } from './call-spans.ts';
import type { Exports } from './exports.ts';

/** Spans that are sent at once. Writing them takes a few milliseconds of the gateway's thread. */
const batch = 512;
/** The milliseconds that a span waits for others. */
const longestWait = 1_000;

/**
 * Sends spans in batches, one at a time. The queue is bounded: while the collector does not take them, spans are dropped
 * and counted, and no request waits.
 */
export class SpanExporter {
  readonly #exports: Exports<Span[]>;
  readonly #most: number;
  #waiting: Span[] = [];
  #timer: NodeJS.Timeout | undefined;
  #sending: Promise<void> | undefined;
  #isClosing = false;

  /** @param most the number of spans that may wait */
  constructor(exports: Exports<Span[]>, most: number) {
    this.#exports = exports;
    this.#most = most;
  }

  /** The number of spans that can be added now. */
  get room(): number {
    return this.#most - this.#waiting.length;
  }

  /** Adds the spans of a request, all or none, so that no trace lacks its root. */
  add(spans: readonly Span[]): void {
    if (spans.length > this.room) {
      this.#exports.dropped(spans.length);
      return;
    }
    this.#waiting.push(...spans);
    if (this.#sending !== undefined) return;
    if (this.#waiting.length >= batch) this.#send();
    else this.#timer ??= setTimeout(() => this.#send(), longestWait).unref();
  }

  /** Sends what waits, until `signal` aborts. What is left then is counted as dropped. */
  async close(signal: AbortSignal): Promise<void> {
    this.#isClosing = true;
    clearTimeout(this.#timer);
    while (!signal.aborted && (this.#sending !== undefined || this.#waiting.length > 0)) {
      if (this.#sending === undefined) this.#send();
      await this.#sending;
    }
    await this.#sending;
    if (this.#waiting.length > 0) this.#exports.dropped(this.#waiting.length);
    this.#waiting = [];
  }

  #send(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const spans = this.#waiting.splice(0, batch);
    this.#sending = this.#exports.send(spans, spans.length).finally(() => {
      this.#sending = undefined;
      if (this.#isClosing) return;
      if (this.#waiting.length >= batch) this.#send();
      else if (this.#waiting.length > 0) this.#timer ??= setTimeout(() => this.#send(), longestWait).unref();
    });
  }
}
