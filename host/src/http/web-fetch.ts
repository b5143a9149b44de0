import { createServer, type IncomingHttpHeaders, type IncomingMessage, type RequestListener, request } from 'node:http';
import { type Duplex, duplexPair, Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ReadableStream as NodeReadableStream } from 'node:stream/web';

/** What a program knows about a request beside the request itself. */
export interface FetchContext {
  /** The address of the client. Without it, the client counts as unknown, and is not trusted as one of this machine. */
  readonly remoteAddress?: string | undefined;
  /** The request of Node that it was made from, which knows the address; Hono's `c.env` has it. */
  readonly incoming?: Pick<IncomingMessage, 'socket'> | undefined;
}

/** Serves one request of the Fetch standard. */
export type WebFetch = (request: Request, context?: FetchContext) => Promise<Response>;

/** Headers that belong to one connection (RFC 9110 § 7.6.1). */
const ofConnection = new Set(['connection', 'keep-alive', 'proxy-connection', 'te', 'transfer-encoding', 'upgrade']);
/** Every body is framed here: a program may have changed it, so that its Content-Length is that of another one. */
const framed = { 'transfer-encoding': 'chunked' };

/**
 * Serves requests of the Fetch standard with a listener of Node. Each one travels as HTTP over a pair of streams in
 * memory, so that every check, limit and disconnection is the one of a request that came over the network.
 */
export class WebFetchServer implements Disposable {
  readonly #server;
  readonly #open = new Set<Duplex>();

  constructor(listener: RequestListener) {
    this.#server = createServer(listener);
  }

  /** See `WebFetch`. A request that is aborted is cancelled here too. */
  readonly fetch: WebFetch = async (asked, { incoming, remoteAddress = incoming?.socket.remoteAddress } = {}) => {
    asked.signal.throwIfAborted();
    const client = this.#connect(remoteAddress);
    const { host, pathname, search } = new URL(asked.url);
    const headers = { host, ...headersOf(asked.headers), ...(asked.body !== null && framed) };
    const outgoing = request({
      createConnection: () => client,
      method: asked.method,
      path: pathname + search,
      headers,
    });
    const abort = () => client.destroy(asked.signal.reason);
    asked.signal.addEventListener('abort', abort, { once: true });
    client.once('close', () => asked.signal.removeEventListener('abort', abort));
    const answered = new Promise<IncomingMessage>((resolve, reject) => {
      // Not only the first error: one that nothing listens to would end the process.
      outgoing.once('response', resolve).on('error', reject);
    });
    if (asked.body === null) outgoing.end();
    else pipeline(Readable.fromWeb(asked.body as NodeReadableStream), outgoing).catch(() => {});
    return responseOf(await answered);
  };

  [Symbol.dispose](): void {
    for (const client of this.#open) client.destroy();
  }

  #connect(remoteAddress: string | undefined): Duplex {
    const [client, server] = duplexPair();
    this.#open.add(client);
    client.once('close', () => {
      this.#open.delete(client);
      server.destroy();
    });
    server.once('close', () => client.destroy());
    // What the gateway uses of a socket beside the stream.
    Object.assign(server, { remoteAddress, destroySoon: () => server.end() });
    this.#server.emit('connection', server);
    return client;
  }
}

const headersOf = (headers: Headers): Record<string, string> =>
  Object.fromEntries([...headers].filter(([name]) => !ofConnection.has(name) && name !== 'content-length'));

function responseOf(incoming: IncomingMessage): Response {
  const { statusCode: status = 500, headers } = incoming;
  const isEmpty = status === 204 || status === 304;
  if (isEmpty) incoming.resume();
  const body = isEmpty ? null : (Readable.toWeb(incoming) as ReadableStream<Uint8Array>);
  return new Response(body, { status, headers: pairsOf(headers) });
}

const pairsOf = (headers: IncomingHttpHeaders): [string, string][] =>
  Object.entries(headers).flatMap(([name, value]) =>
    ofConnection.has(name) ? [] : [value ?? []].flat().map((each): [string, string] => [name, each]),
  );
