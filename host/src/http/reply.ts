import type { ServerResponse } from 'node:http';
import { Deadlines, type Expiring } from '../core/deadlines.ts';
import { fail } from '../core/fault.ts';
import type { NotificationStream, Reply, ReplyHeaders } from '../mcp/revision/reply.ts';
import type { Outbox, Unread } from './unread-answers.ts';

const eventStream = {
  'content-type': 'text/event-stream',
  'cache-control': 'no-cache, no-transform',
  // A buffering proxy would delay progress messages.
  'x-accel-buffering': 'no',
};

/** Long answers are written in pieces of this many bytes: each accepted piece shows that the client reads. */
const piece = 64 * 1024;
/** Notifications are dropped while more bytes than this wait for the client. */
const mostBeforeNotify = 1024 * 1024;

/** Senders of notifications are asked to wait while more bytes than this wait for the client. */
const pauseAbove = 256 * 1024;

/** When replies that have sent nothing send a comment. */
const silences = new Deadlines<HttpReply>();

/**
 * Answers one request: with JSON, or with an event stream if there are messages before the answer. It writes to Node's
 * response, because a web Response costs more than the rest of the answer.
 */
export class HttpReply implements Reply, NotificationStream, Unread, Expiring {
  readonly #outgoing: ServerResponse;
  readonly #outbox: Outbox;
  /** The part of a long answer that is not written yet. */
  #rest: Buffer | undefined;
  /** The bytes that are counted for this reply. */
  #held = 0;
  #hasMoved = false;
  #isWatched = false;
  #hasSpoken = false;
  /** The milliseconds of silence after which a comment is sent; zero if none is. */
  #pulseMs = 0;
  #draining: Promise<void> | undefined;
  dropped = 0;
  /** See `Deadlines`. */
  place: number | undefined;
  expiresAt = 0;
  /** Whether it is a notification stream, which may stay open for hours. */
  isKeptOpen = false;
  /** The request that it answers. `cutOff` is called before a client that does not read is disconnected. */
  request: { cutOff(waiting: number): void } | undefined;

  constructor(outgoing: ServerResponse, outbox: Outbox) {
    this.#outgoing = outgoing;
    this.#outbox = outbox;
  }

  get status(): number {
    return this.#outgoing.headersSent ? this.#outgoing.statusCode : 0;
  }

  /** The bytes that neither the client nor the operating system has accepted yet. */
  get waiting(): number {
    if (this.#outgoing.destroyed) return 0;
    return this.#outgoing.writableLength + (this.#rest?.length ?? 0);
  }

  keepOpen(): this {
    this.isKeptOpen = true;
    this.#open();
    return this;
  }

  #open(): void {
    if (this.#outgoing.headersSent) return;
    this.#outgoing.writeHead(200, eventStream);
    this.#outgoing.flushHeaders();
  }

  notify(text: string): Promise<void> | undefined {
    if (this.#isOver) return undefined;
    const waiting = this.#outgoing.writableLength;
    const isTooMuch = waiting > 0 && waiting + text.length > mostBeforeNotify;
    if (isTooMuch || ((waiting > 0 || text.length > piece) && !this.#outbox.fits(text.length))) {
      this.dropped += 1;
      return undefined;
    }
    this.#open();
    this.#write(event(text));
    return this.#outgoing.writableLength > pauseAbove ? this.#drained() : undefined;
  }

  breakSilence(afterMs: number): void {
    // Each message of a batch calls this.
    if (this.#pulseMs > 0) return;
    this.#pulseMs = afterMs;
    this.#listenForSilence();
  }

  /** An interval of silence is over, or would be if nothing had been sent. */
  onExpired(): void {
    if (!this.#hasSpoken && this.#outgoing.writableLength === 0) {
      this.#open();
      this.#write(': still here\n\n');
    }
    this.#listenForSilence();
  }

  #listenForSilence(): void {
    this.#hasSpoken = false;
    this.expiresAt = performance.now() + this.#pulseMs;
    silences.add(this);
  }

  /** @throws Fault `overloaded` for a long answer, if too many bytes are waiting for other clients */
  answer(status: number, text: string, headers?: ReplyHeaders): void {
    if (this.#isOver) return;
    if (text.length > piece && !this.#outbox.fits(text.length)) {
      fail('overloaded', {
        hint: 'too many bytes are waiting for clients that do not read; the limit is `limits.waiting_bytes`',
      });
    }
    silences.delete(this);
    const isStream = this.#outgoing.headersSent;
    const body = isStream ? event(text) : text;
    const bytes = body.length > piece ? Buffer.from(body) : undefined;
    if (!isStream) {
      const length = bytes?.length ?? Buffer.byteLength(body);
      this.#outgoing.writeHead(status, { 'content-type': 'application/json', 'content-length': length, ...headers });
    }
    if (bytes === undefined) this.#outgoing.end(body);
    else this.#feed(bytes);
    if (this.waiting > 0) this.#watch();
  }

  end(status: number, headers: ReplyHeaders = {}): void {
    if (this.#isOver) return;
    silences.delete(this);
    if (!this.#outgoing.headersSent) this.#outgoing.writeHead(status, status === 200 ? eventStream : headers);
    this.#outgoing.end();
    if (this.#outgoing.writableLength > 0) this.#watch();
  }

  /** Must be called when the response is complete or its connection is closed. */
  closed(): void {
    silences.delete(this);
    this.#rest = undefined;
    this.#count(0);
    this.#outbox.unwatch(this);
  }

  hasMoved(): boolean {
    const moved = this.#hasMoved || this.waiting < this.#held;
    this.#hasMoved = false;
    this.#count(this.waiting);
    // A pipelined response waits for the one before it.
    return moved || this.#outgoing.socket === null;
  }

  cut(): void {
    this.request?.cutOff(this.waiting);
    this.#outgoing.destroy();
    // Without a socket there is no close event.
    if (this.#outgoing.socket === null) this.closed();
  }

  #drained(): Promise<void> {
    this.#draining ??= new Promise(resolve => {
      const done = () => {
        this.#outgoing.off('drain', done).off('close', done);
        this.#draining = undefined;
        resolve();
      };
      this.#outgoing.on('drain', done).on('close', done);
    });
    return this.#draining;
  }

  #write(text: string): void {
    this.#hasSpoken = true;
    this.#outgoing.write(text);
    if (this.#outgoing.writableLength > 0) this.#watch();
  }

  /** Writes a long answer piece by piece, as fast as it is read. */
  #feed(bytes: Buffer): void {
    this.#rest = bytes;
    const next = () => {
      for (let rest = this.#rest; rest !== undefined; rest = this.#rest) {
        const first = rest.subarray(0, piece);
        this.#rest = first.length === rest.length ? undefined : rest.subarray(first.length);
        if (this.#rest === undefined) this.#outgoing.end(first);
        else if (!this.#outgoing.write(first)) break;
      }
      this.#hasMoved = true;
      this.#count(this.waiting);
    };
    this.#outgoing.on('drain', next);
    next();
  }

  #watch(): void {
    this.#count(this.waiting);
    if (this.#isWatched) return;
    this.#isWatched = true;
    this.#outbox.watch(this);
  }

  #count(waiting: number): void {
    this.#outbox.add(waiting - this.#held);
    this.#held = waiting;
  }

  get #isOver(): boolean {
    return this.#outgoing.writableEnded || this.#outgoing.destroyed || this.#rest !== undefined;
  }
}

const event = (text: string) => `event: message\ndata: ${text}\n\n`;
