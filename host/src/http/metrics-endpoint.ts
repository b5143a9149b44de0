import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setImmediate as eventLoopTurn } from 'node:timers/promises';
import { constants, createGzip } from 'node:zlib';
import { fail } from '../core/fault.ts';
import type { Metrics } from '../core/metrics.ts';
import { faultReply } from './fault-reply.ts';
import type { Routed } from './open-request.ts';
import { HttpReply } from './reply.ts';
import { type HostAndOrigin, isFromHere } from './step/host-and-origin.ts';
import type { Outbox } from './unread-answers.ts';

/** Who may read `/metrics` and `/readyz?verbose`; `loopback` means connections from this machine. */
export type MetricsAudience = 'loopback' | 'everybody' | 'nobody';

export interface MetricsEndpointOptions {
  readonly metrics: Metrics;
  readonly audience: MetricsAudience;
  readonly hostAndOrigin: HostAndOrigin;
  readonly outbox: Outbox;
  /** The milliseconds after which a scraper that has not read all is disconnected. */
  readonly scrapeMs?: number;
}

/** Scrapes that are written at once. Each holds a piece of the text, and takes its share of the thread. */
const mostScrapes = 8;
/** The milliseconds that a scrape may take; Prometheus waits for 10 s unless configured. */
const scrapeMs = 30_000;

const textFormat = { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' };

/**
 * Answers `/metrics` in Prometheus's text format, and 404 to clients that may not read it. A long text is written in
 * pieces as fast as it is read, with turns of the event loop between them, so that no request waits for all of it.
 */
export class MetricsEndpoint {
  readonly #options: MetricsEndpointOptions;
  #scrapes = 0;

  constructor(options: MetricsEndpointOptions) {
    this.#options = options;
  }

  serve({ incoming, outgoing }: Routed): void {
    const { metrics, hostAndOrigin, outbox } = this.#options;
    const reply = new HttpReply(outgoing, outbox);
    try {
      hostAndOrigin.pass({ incoming, outgoing });
      if (!this.#isAudience(incoming)) fail('path_unknown', { path: '/metrics' });
      if (this.#scrapes >= mostScrapes) fail('overloaded', { hint: `${mostScrapes} scrapes of /metrics are running` });
      const pieces = metrics.pieces()[Symbol.iterator]();
      const first = pieces.next().value ?? '';
      const second = pieces.next();
      if (second.done === true) reply.answer(200, first, textFormat);
      else void this.#stream({ incoming, outgoing }, withTurns([first, second.value], pieces));
    } catch (reason) {
      faultReply(reply, reason, { id: null, request: randomUUID() });
    }
  }

  /** Returns whether the client may read operator data. */
  mayRead({ incoming, outgoing }: Routed): boolean {
    try {
      this.#options.hostAndOrigin.pass({ incoming, outgoing });
      return this.#isAudience(incoming);
    } catch {
      return false;
    }
  }

  async #stream({ incoming, outgoing }: Routed, pieces: AsyncIterable<string>): Promise<void> {
    const signal = AbortSignal.timeout(this.#options.scrapeMs ?? scrapeMs);
    const text = Readable.from(pieces, { objectMode: true, highWaterMark: 1 });
    this.#scrapes += 1;
    try {
      await sendText(incoming, outgoing, { text, signal });
    } catch {
      // The scraper has left or is too slow. Its connection is closed in either case.
      outgoing.destroy();
    } finally {
      this.#scrapes -= 1;
    }
  }

  #isAudience({ headers, socket }: IncomingMessage): boolean {
    const { audience } = this.#options;
    const isHere = isFromHere({ headers, remoteAddress: socket.remoteAddress });
    return audience === 'everybody' || (audience === 'loopback' && isHere);
  }
}

async function* withTurns(first: readonly string[], rest: Iterator<string>): AsyncIterable<string> {
  yield* first;
  for (let next = rest.next(); next.done !== true; next = rest.next()) {
    yield next.value;
    await eventLoopTurn();
  }
}

/** Sends a text, compressed on another thread if the client takes that. */
function sendText(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  { text, signal }: { readonly text: Readable; readonly signal: AbortSignal },
): Promise<void> {
  const headers = { ...textFormat, vary: 'accept-encoding' };
  if (!acceptsGzip(incoming)) {
    outgoing.writeHead(200, headers);
    return pipeline(text, outgoing, { signal });
  }
  outgoing.writeHead(200, { ...headers, 'content-encoding': 'gzip' });
  return pipeline(text, createGzip({ level: constants.Z_BEST_SPEED }), outgoing, { signal });
}

/** Returns whether `accept-encoding` names gzip, and not with the weight 0. */
const acceptsGzip = ({ headers }: IncomingMessage): boolean =>
  String(headers['accept-encoding'] ?? '')
    .toLowerCase()
    .split(',')
    .some(each => /^\s*(x-)?gzip\s*(;(?!\s*q=0(\.0*)?\s*$)|$)/.test(each));
