import { connect, type Socket } from 'node:net';

/**
 * One keep-alive HTTP/1.1 connection on a raw socket, one request at a time. A client on a library would cost as much
 * processor time as the gateway that it measures. Reads Content-Length and chunked bodies.
 */
export class Exchange {
  readonly #socket: Socket;
  readonly #head: string;
  #received: Buffer = empty;
  #onAnswer: ((body: string) => void) | undefined;
  #onError: ((error: Error) => void) | undefined;

  private constructor(socket: Socket, head: string) {
    this.#socket = socket;
    this.#head = head;
    socket.setNoDelay(true);
    socket.on('data', chunk => this.#receive(chunk));
    socket.on('error', error => this.#onError?.(error));
    socket.on('close', () => this.#onError?.(new Error('the connection was closed')));
  }

  /** Connects. `headers` go with each request. */
  static open(url: URL, headers: Readonly<Record<string, string>>): Promise<Exchange> {
    const lines = [
      `POST ${url.pathname} HTTP/1.1`,
      `Host: ${url.host}`,
      'Content-Type: application/json',
      'Accept: application/json, text/event-stream',
      ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
      'Content-Length: ',
    ];
    return new Promise((resolve, reject) => {
      const socket = connect(Number(url.port), url.hostname);
      socket.once('error', reject);
      socket.once('connect', () => {
        socket.off('error', reject);
        resolve(new Exchange(socket, lines.join('\r\n')));
      });
    });
  }

  /**
   * Posts JSON text and returns the body of the answer. Fails when its status is not 200, or the connection is closed.
   * @param authorization the value of that header, if it is not among those of all requests
   */
  post(body: string, authorization?: string): Promise<string> {
    const more = authorization === undefined ? '' : `Authorization: ${authorization}\r\n`;
    if (this.#socket.destroyed) return Promise.reject(new Error('the connection is closed'));
    return new Promise((resolve, reject) => {
      this.#onAnswer = resolve;
      this.#onError = reject;
      this.#socket.write(`${this.#head}${Buffer.byteLength(body)}\r\n${more}\r\n${body}`);
    });
  }

  close(): void {
    this.#onError = undefined;
    this.#socket.destroy();
  }

  #receive(chunk: Buffer): void {
    this.#received = this.#received.length === 0 ? chunk : Buffer.concat([this.#received, chunk]);
    const end = this.#received.indexOf('\r\n\r\n');
    if (end === -1) return;
    const head = this.#received.toString('latin1', 0, end).toLowerCase();
    const rest = this.#received.subarray(end + 4);
    const length = /\r\ncontent-length: *(\d+)/.exec(head)?.[1];
    const body = length === undefined ? unchunk(rest) : rest.length < Number(length) ? undefined : rest.toString();
    if (body === undefined) return;
    this.#received = empty;
    if (head.startsWith('http/1.1 200')) this.#onAnswer?.(body);
    else this.#onError?.(new Error(`answered with ${head.slice(9, 12)}: ${body.slice(0, 300)}`));
  }
}

const empty = Buffer.alloc(0);

/** The body behind chunked coding, or `undefined` while its end is not there. */
function unchunk(coded: Buffer): string | undefined {
  const parts: Buffer[] = [];
  for (let at = 0; ; ) {
    const line = coded.indexOf('\r\n', at);
    if (line === -1) return undefined;
    const size = Number.parseInt(coded.toString('latin1', at, line), 16);
    const start = line + 2;
    if (!Number.isSafeInteger(size) || coded.length < start + size + 2) return undefined;
    if (size === 0) return Buffer.concat(parts).toString();
    parts.push(coded.subarray(start, start + size));
    at = start + size + 2;
  }
}
