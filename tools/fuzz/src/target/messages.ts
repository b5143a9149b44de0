import { generateKeyPairSync, sign } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createHost } from '@sallyport/host';
import { loadConfig } from '@sallyport/host/config';
import { codes } from '@sallyport/host/core';
import { createLog } from '@sallyport/host/log';
import { errorNumber, errorNumbers } from '@sallyport/host/mcp';
import { stringify } from 'yaml';
import { builtComponents, pluginId } from '../built.ts';
import { startMirrorUpstream } from '../mirror-upstream.ts';
import { mutateRequest, realMessages, requestOf } from '../mutate/message.ts';
import { type Parcel, pack, toBytes, unpack } from '../parcel.ts';
import { type RawAnswer, rawRequest } from '../raw-request.ts';
import { Finding, type Target } from '../target.ts';
import { temporaryFolder } from '../temporary-folder.ts';

/**
 * HTTP requests to a whole gateway, with a plugin in one of its bindings and an upstream whose answers the input
 * decides. After each, an honest client must be served.
 */
export const target: Target = {
  name: 'messages',
  module: import.meta.url,
  extension: 'json',
  patience: 60_000,
  boundedRuns: 250,
  seeds: async () => realMessages.map(message => pack(requestOf(JSON.stringify(message)))),
  mutate: (_, random) => pack(mutateRequest(random)),
  async open() {
    await using opened = new AsyncDisposableStack();
    const folder = opened.use(await temporaryFolder());
    const upstream = opened.use(await startMirrorUpstream());
    const file = await writeConfig(folder.path, upstream.url);
    const complaints: string[] = [];
    const log = createLog('error', { write: (line: string) => void complaints.push(line) });
    const host = opened.use(await createHost(await loadConfig(file), { log }));
    const { url } = await host.server.listen({ host: '127.0.0.1', port: 0 });
    const port = Number(new URL(url).port);
    const sessionIn = async (path: string) => {
      const { headers } = await rawRequest(port, framed(requestOf(initialize, path), port, ''), { patience: 10_000 });
      return headers.get('mcp-session-id') ?? '';
    };
    const sessions = new Map<string, string>();

    /** What an honest client gets, in its own session; opened again when a mutated request ended it. */
    const honest = async (path: string): Promise<RawAnswer> => {
      const session = sessions.get(path) ?? (await sessionIn(path));
      sessions.set(path, session);
      const answer = await rawRequest(port, framed(requestOf(echo, path), port, session), { patience: 10_000 });
      if (answer.status === 200) return answer;
      sessions.delete(path);
      if (answer.status !== 404) throw new Finding('an honest client is not served', JSON.stringify(answer));
      return honest(path);
    };

    const close = opened.move();
    return {
      async run(input) {
        const request = unpack(input);
        const path = /^\/mcp\/hooked/.test(request.path ?? '') ? '/mcp/hooked' : '/mcp';
        const session = sessions.get(path) ?? (await sessionIn(path));
        sessions.set(path, session);
        const isWhole =
          wholeFramings.has(request.framing ?? '') &&
          request.leave === '' &&
          !/-length|encoding:|expect|upgrade|folded|colon/i.test(request.headers ?? '');
        const answer = await rawRequest(port, framed(request, port, session), {
          patience: isWhole ? 8000 : 100,
          leave: request.leave,
        });
        const outcome = judge(answer, isWhole, request.method);
        const { body } = await honest(path);
        if (!body.includes('echo to ')) throw new Finding('an honest client gets something else', body);
        const grave = complaints.splice(0).find(line => line.includes('"internal"'));
        if (grave !== undefined) throw new Finding('failed as internal, in the log', grave);
        return outcome;
      },
      [Symbol.asyncDispose]: () => close.disposeAsync(),
    };
  },
};

const initialize = JSON.stringify(realMessages.find(each => JSON.stringify(each).includes('"initialize"')));
const echo = JSON.stringify({ jsonrpc: '2.0', id: 'honest', method: 'tools/call', params: { name: 'echo' } });
const wholeFramings: ReadonlySet<string> = new Set(['length', 'chunked', 'pieces']);

async function writeConfig(folder: string, upstream: string): Promise<string> {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const [, , javaScript] = await builtComponents();
  if (javaScript === undefined) throw new Error('no component was built');
  await writeFile(join(folder, 'p.wasm'), javaScript);
  await writeFile(join(folder, 'p.wasm.sig'), sign(null, javaScript, privateKey));
  const public_key = publicKey.export({ type: 'spki', format: 'pem' }).toString();
  const file = join(folder, 'sallyport.yaml');
  const config = {
    cache_dir: './cache',
    limits: { lanes: 1, body_bytes: 2 ** 20, request_timeout_ms: 3000 },
    plugins: [{ id: pluginId, source: { file: './p.wasm', public_key }, breaker: { failures: 1_000_000 } }],
    upstreams: [{ id: 'mirror', http: { url: upstream } }],
    bindings: [
      { id: 'plain', upstreams: ['mirror'] },
      { id: 'hooked', upstreams: ['mirror'], transforms: [pluginId] },
    ],
  };
  await writeFile(file, stringify(config));
  return file;
}

/** The bytes of a request, in the pieces in which they are sent. */
function framed(request: Parcel, port: number, session: string): readonly Uint8Array[] {
  const { method, path, headers = '', framing } = request;
  const body = toBytes(request.body);
  const half = Math.floor(body.length / 2);
  const [first, second] = [body.subarray(0, half), body.subarray(half)];
  const chunk = (bytes: Uint8Array) =>
    Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from('\r\n')]);
  const chunked = (end: string) => [...[first, second].filter(each => each.length > 0).map(chunk), Buffer.from(end)];
  const head = (...more: string[]) =>
    toBytes(
      `${method} ${path} HTTP/1.1\r\n${[headers, ...more].join('\r\n')}\r\n\r\n`
        .replaceAll('{port}', String(port))
        .replaceAll('{session}', session),
    );
  const length = (bytes: number) => `Content-Length: ${bytes}`;
  switch (framing) {
    case 'chunked':
      return [head('Transfer-Encoding: chunked'), ...chunked('0\r\n\r\n')];
    case 'broken-chunk':
      return [head('Transfer-Encoding: chunked'), ...chunked('zz\r\n')];
    case 'both':
      return [head('Transfer-Encoding: chunked', length(body.length)), ...chunked('0\r\n\r\n')];
    case 'pieces':
      return [head(length(body.length)), first, second];
    case 'short':
      return [head(length(half)), body];
    case 'long':
      return [head(length(body.length + 7)), body];
    case 'none':
      return [head(), body];
    default:
      return [Buffer.concat([head(length(body.length)), body])];
  }
}

/** Refusals of Node's own HTTP parser, which come before any of ours. They have no body. */
const ofNode: ReadonlySet<number> = new Set([400, 408, 413, 417, 431, 505]);

/** What an answer comes to, in one word. @throws Finding for what is no answer of a gateway */
function judge(answer: RawAnswer, isWhole: boolean, method?: string): string {
  const { status, headers, body, whole } = answer;
  if (status === 0) {
    if (isWhole) throw new Finding('no answer', '');
    return 'left alone';
  }
  const type = headers.get('content-type');
  if (body === '' || (type === 'text/event-stream' && !body.includes('data:'))) {
    // An answer to HEAD has its head alone.
    if (method === 'HEAD' || ofNode.has(status) || status === 202 || status === 204 || type === 'text/event-stream')
      return `HTTP ${status}`;
    throw new Finding('an answer without words', String(status));
  }
  if (!whole && !isWhole) return 'left alone';
  const said = type === 'text/event-stream' ? (/data: (.*)\n\n$/.exec(body)?.[1] ?? '') : body;
  return codeOf(said, status);
}

function codeOf(text: string, status: number): string {
  const message = parsed(text);
  // A batch is answered by a list, in which each answer is one of a request.
  if (!Array.isArray(message)) return codeOfOne(message, text, status);
  const all = message.map((each: Answered) => codeOfOne(each, text, each.error === undefined ? status : undefined));
  return all.length === 1 ? String(all[0]) : 'a batch';
}

/** @param status undefined where the answer has none of its own */
function codeOfOne(message: Answered, text: string, status: number | undefined): string {
  // The refusal of a notification has no id.
  const isOfNotification = !('id' in message) && message.error !== undefined && status === 400;
  if (message.jsonrpc !== '2.0' || !('id' in message || isOfNotification)) throw new Finding('not JSON-RPC', text);
  if (message.error === undefined) {
    if (message.result === undefined || status !== 200) throw new Finding('neither result nor error', text);
    return 'accepted';
  }
  const { code, message: words, data } = message.error;
  if (typeof words !== 'string' || words === '') throw new Finding('an error without words', text);
  if (code === -32001) return 'blocked by a plugin';
  const name = String(data?.code);
  const known = Object.hasOwn(codes, name) ? codes[name as keyof typeof codes] : undefined;
  // The number of an error that an upstream made is its own.
  const isKnown =
    known !== undefined &&
    (errorNumber(errorNumbers, name as keyof typeof codes) === code || name === 'upstream_error');
  if (!isKnown) throw new Finding('a code that is not in the table', text);
  if (status !== undefined && !isOfNotification && (known.http ?? 200) !== status)
    throw new Finding('a status that does not belong to its code', `${status} ${text}`);
  if (name === 'internal') throw new Finding('failed as internal', text);
  return name;
}

interface Answered {
  readonly jsonrpc?: string;
  readonly result?: unknown;
  readonly error?: { readonly code?: number; readonly message?: unknown; readonly data?: { readonly code?: unknown } };
}

function parsed(text: string): Answered {
  try {
    const value: unknown = JSON.parse(Buffer.from(text, 'latin1').toString());
    if (typeof value === 'object' && value !== null) return value;
  } catch {
    // Said below.
  }
  throw new Finding('an answer that is not JSON', text.slice(0, 300));
}
