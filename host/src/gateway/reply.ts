import type { ServerResponse } from 'node:http';

const eventStream = {
  'content-type': 'text/event-stream',
  'cache-control': 'no-cache, no-transform',
  // Proxies that buffer would hold progress back.
  'x-accel-buffering': 'no',
};

/**
 * How one request is answered: with JSON, or with an event stream once there is something to say before the answer.
 * It writes to the socket of Node: a web Response costs more than the rest of the answer.
 */
export class Reply {
  readonly #outgoing: ServerResponse;

  constructor(outgoing: ServerResponse) {
    this.#outgoing = outgoing;
  }

  /** HTTP status; 0 before the answer began. */
  get status(): number {
    return this.#outgoing.headersSent ? this.#outgoing.statusCode : 0;
  }

  /** Makes it a stream that stays open. */
  open(): void {
    if (this.#outgoing.headersSent) return;
    this.#outgoing.writeHead(200, eventStream);
    this.#outgoing.flushHeaders();
  }

  /** Sends a message before the answer, and makes the answer an event stream. */
  notify(text: string): void {
    if (this.#isOver) return;
    this.open();
    this.#outgoing.write(event(text));
  }

  /** Sends a sign of life on an open stream. */
  comment(text: string): void {
    if (!this.#isOver) this.#outgoing.write(`: ${text}\n\n`);
  }

  /** Sends the answer, one line of JSON. On an open stream status and headers are settled already. */
  answer(status: number, text: string, headers?: Readonly<Record<string, string>>): void {
    if (this.#isOver) return;
    if (this.#outgoing.headersSent) return void this.#outgoing.end(event(text));
    const length = Buffer.byteLength(text);
    this.#outgoing.writeHead(status, { 'content-type': 'application/json', 'content-length': length, ...headers });
    this.#outgoing.end(text);
  }

  /** Ends without an answer: an accepted notification (202), or a call that the client itself cancelled (200). */
  end(status: number): void {
    if (this.#isOver) return;
    if (!this.#outgoing.headersSent) this.#outgoing.writeHead(status, status === 200 ? eventStream : {});
    this.#outgoing.end();
  }

  get #isOver(): boolean {
    return this.#outgoing.writableEnded || this.#outgoing.destroyed;
  }
}

const event = (text: string) => `event: message\ndata: ${text}\n\n`;
