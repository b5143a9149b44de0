import type { LookupFunction } from 'node:net';
import { type Dispatcher, Pool } from 'undici';
import type { HeaderList } from '../../core/http-header.ts';
import { proxyFromEnvironment } from '../../core/proxy.ts';
import { HttpExchange, type HttpListener } from './http-exchange.ts';
import { httpFault, statusFault } from './http-fault.ts';

/** Where a streamable HTTP server is. */
export interface HttpAddress {
  readonly url: string;
  /** Sent with every request. Headers of the gateway's clients are never among them. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Finds and checks the addresses of its name, instead of the system and of a proxy. */
  readonly lookup?: LookupFunction | undefined;
}

/** Sockets of one connection. */
const sockets = 256;
/** Milliseconds that a server has to accept a message that gets no answer. */
const acceptTimeoutMs = 10_000;
/** Milliseconds that a server has to end a response when the gateway has what it needs from it. */
export const endGrace = 5_000;

/**
 * Sends all HTTP requests to one server, from the handshake to the end of the session, with the same headers and through
 * the same proxy, if its addresses need no check. It asks for uncompressed responses unless the operator's headers say otherwise, and reads compressed
 * ones all the same. Redirects are not followed.
 */
export class HttpClient {
  readonly upstream: string;
  readonly url: URL;
  readonly #dispatcher: Dispatcher;
  readonly #target: { readonly origin: string; readonly path: string; headersTimeout: 0; bodyTimeout: 0 };
  readonly #maxBytes: number;
  readonly #configured: ReadonlyMap<string, string>;
  #identity: Readonly<Record<string, string>> = {};
  #credential: readonly [header: string, value: string] | undefined;
  #post: string[] = [];
  #get: string[] = [];

  constructor(upstream: string, address: HttpAddress, maxBytes: number) {
    this.upstream = upstream;
    this.url = new URL(address.url);
    const { origin, pathname, search } = this.url;
    const options = { connections: sockets, pipelining: 1, allowH2: false };
    const { lookup } = address;
    // What a proxy connects to cannot be checked here.
    this.#dispatcher =
      lookup === undefined
        ? (proxyFromEnvironment(options) ?? new Pool(origin, options))
        : new Pool(origin, { ...options, connect: { lookup } });
    // Each request has its own time-out.
    this.#target = { origin, path: pathname + search, headersTimeout: 0, bodyTimeout: 0 };
    this.#maxBytes = maxBytes;
    const configured = Object.entries(address.headers ?? {}).map(
      ([name, value]) => [name.toLowerCase(), value] as const,
    );
    this.#configured = new Map([...defaultHeaders, ...configured]);
    this.identify({});
  }

  /** Sets the headers of session and revision for all requests from now on. */
  identify(identity: Readonly<Record<string, string>>): void {
    this.#identity = identity;
    this.#write();
  }

  /** Sets the header that carries the credential for all requests from now on. */
  authorize(header: string, value: string): void {
    if (this.#credential?.[1] === value) return;
    this.#credential = [header, value];
    this.#write();
  }

  #write(): void {
    const credential = this.#credential === undefined ? [] : [this.#credential];
    const headers = new Map([...this.#configured, ...Object.entries(this.#identity), ...credential]);
    const post = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };
    this.#post = [...new Map([...headers, ...Object.entries(post)])].flat();
    this.#get = [...new Map([...headers, ['accept', 'text/event-stream'] as const])].flat();
  }

  /** @param own headers of this request alone, instead of those of the same name */
  post(body: string, listener: HttpListener, own?: HeaderList): HttpExchange {
    const headers = own === undefined ? this.#post : replaceHeaders(this.#post, this.#allowed(own));
    return this.#dispatch({ ...this.#target, method: 'POST', headers, body }, listener);
  }

  /** Opens the stream of the server's own messages, or resumes a broken one after the event `lastEventId`. */
  listen(lastEventId: string | undefined, listener: HttpListener): HttpExchange {
    // Headers are bytes, and an id is UTF-8 (HTML Standard, Server-sent events § Processing model).
    const id = lastEventId === undefined ? [] : ['last-event-id', Buffer.from(lastEventId).toString('latin1')];
    const headers = [...this.#get, ...id];
    return this.#dispatch({ ...this.#target, method: 'GET', headers }, listener);
  }

  /** Sends a message that gets no answer. @throws Fault `upstream_…`, the reason of `signal` */
  send(message: object, signal?: AbortSignal, onEvent: (data: string) => void = () => {}): Promise<void> {
    return this.#accepted(signal, listener => this.post(JSON.stringify(message), { ...listener, onEvent }));
  }

  /** Ends the session. @throws Fault `upstream_…`, the reason of `signal` */
  endSession(signal: AbortSignal): Promise<void> {
    return this.#accepted(signal, listener =>
      this.#dispatch({ ...this.#target, method: 'DELETE', headers: this.#get }, listener),
    );
  }

  /** Lets running requests end, and accepts no more. */
  close(): void {
    void this.#dispatcher.close();
  }

  /** Aborts running requests. */
  destroy(): void {
    void this.#dispatcher.destroy();
  }

  /** Headers of one request never replace the credential. */
  #allowed(own: HeaderList): HeaderList {
    const credential = this.#credential?.[0];
    return credential === undefined ? own : own.filter(([name]) => name.toLowerCase() !== credential);
  }

  #dispatch(options: Dispatcher.DispatchOptions, listener: HttpListener): HttpExchange {
    const exchange = new HttpExchange(listener, this.#maxBytes);
    this.#dispatcher.dispatch(options, exchange);
    return exchange;
  }

  /** Resolves when the server accepts a message, by the status alone: some servers never end the response. */
  #accepted(signal: AbortSignal | undefined, send: (listener: HttpListener) => HttpExchange): Promise<void> {
    const { upstream, url } = this;
    return new Promise((resolve, reject) => {
      const giveUp = (reason: unknown) => {
        reject(reason);
        exchange.abort(new Error('aborted'));
      };
      const abort = () => giveUp(signal?.reason);
      const late = () => giveUp(new Error(`not accepted within ${acceptTimeoutMs} ms`));
      const timer = signal === undefined ? setTimeout(late, acceptTimeoutMs).unref() : undefined;
      let grace: NodeJS.Timeout | undefined;
      const settled = () => {
        clearTimeout(timer);
        clearTimeout(grace);
        signal?.removeEventListener('abort', abort);
      };
      const exchange = send({
        onStart(status) {
          if (status < 200 || status >= 300) return;
          clearTimeout(timer);
          resolve();
          grace = setTimeout(() => exchange.abort(new Error('accepted')), endGrace).unref();
        },
        onEvent() {},
        onEnd(received) {
          settled();
          if (received.status < 300) resolve();
          else reject(statusFault(upstream, url, received));
        },
        onError(error) {
          settled();
          reject(httpFault(upstream, url, error) ?? error);
        },
      });
      signal?.addEventListener('abort', abort);
      if (signal?.aborted) abort();
    });
  }
}

/** Replaces headers of the same name in a flat list of names and values. */
function replaceHeaders(flat: readonly string[], own: HeaderList): string[] {
  // Most requests add a header, and looking for its name costs less than to copy the list without it.
  if (!own.some(([name]) => flat.includes(name))) return [...flat, ...own.flat()];
  const replaced = new Set(own.map(([name]) => name));
  const kept = flat.filter((_, index) => !replaced.has(flat[index - (index % 2)] ?? ''));
  return [...kept, ...own.flat()];
}

/** Some firewalls refuse requests without a user agent, and some servers compress unless asked not to. */
const defaultHeaders = [
  ['user-agent', 'sallyport'],
  ['accept-encoding', 'identity'],
] as const;
