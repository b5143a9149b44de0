import { connect } from 'node:net';

/** What came back on the wire before it was closed, was complete, or patience ended. */
export interface RawAnswer {
  /** 0 when nothing that is HTTP came. */
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
  /** Whether all of it came. Of an event stream that stays open, the head is all. */
  readonly whole: boolean;
}

const nothing: RawAnswer = { status: 0, headers: new Map(), body: '', whole: false };

/**
 * Writes bytes to a server, in the pieces given, and reads one answer. `leave` closes our half after the last piece
 * (`half`), or all of it (`now`), and waits for no answer.
 */
export function rawRequest(
  port: number,
  pieces: readonly Uint8Array[],
  { patience, leave }: { readonly patience: number; readonly leave?: string | undefined },
): Promise<RawAnswer> {
  return new Promise(resolve => {
    const socket = connect(port, '127.0.0.1');
    let received = '';
    const finish = () => {
      clearTimeout(timer);
      socket.destroy();
      resolve(parse(received));
    };
    const timer = setTimeout(finish, patience);
    socket.setNoDelay();
    socket.setEncoding('latin1');
    socket.on('data', (text: string) => {
      received += text;
      if (parse(received).whole) finish();
    });
    socket.on('error', finish);
    socket.on('close', finish);
    socket.on('connect', async () => {
      for (const piece of pieces) {
        socket.write(piece);
        if (pieces.length > 1) await new Promise(setImmediate);
      }
      if (leave === 'half') socket.end();
      if (leave === 'now') setImmediate(finish);
    });
  });
}

function parse(text: string): RawAnswer {
  const end = text.indexOf('\r\n\r\n');
  const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1] ?? 0);
  if (end < 0 || status === 0) return nothing;
  // What says "go on" stands before the answer.
  if (status < 200) return parse(text.slice(end + 4));
  const headers = new Map(
    text
      .slice(0, end)
      .split('\r\n')
      .slice(1)
      .map(line => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()] as const),
  );
  const rest = text.slice(end + 4);
  const length = headers.get('content-length');
  if (length !== undefined)
    return { status, headers, body: rest.slice(0, Number(length)), whole: rest.length >= Number(length) };
  if (status === 204 || status === 304) return { status, headers, body: '', whole: true };
  if (headers.get('transfer-encoding') !== 'chunked') return { status, headers, body: rest, whole: false };
  const { body, ended } = unchunked(rest);
  return { status, headers, body, whole: ended };
}

function unchunked(text: string): { readonly body: string; readonly ended: boolean } {
  let [body, at] = ['', 0];
  for (;;) {
    const line = text.indexOf('\r\n', at);
    const size = line < 0 ? Number.NaN : Number.parseInt(text.slice(at, line), 16);
    if (Number.isNaN(size)) return { body, ended: false };
    if (size === 0) return { body, ended: true };
    body += text.slice(line + 2, line + 2 + size);
    at = line + 2 + size + 2;
  }
}
