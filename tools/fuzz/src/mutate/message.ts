import type { Parcel } from '../parcel.ts';
import type { Random } from '../random.ts';
import { mutateJson, type Value } from './json.ts';
import { mutateText } from './text.ts';

const result = {
  content: [
    { type: 'text', text: 'to someone@example.com', annotations: { priority: 0.5 } },
    { type: 'image', mimeType: 'image/png', data: 'iVBORw0KGgo=' },
    { type: 'resource', resource: { uri: 'raw://x', text: 'x@example.com' } },
    { type: 'resource_link', uri: 'raw://x', name: 'x' },
  ],
  structuredContent: { mail: 'x@example.com', big: 12345678901234567890n.toString() },
  isError: false,
};
const initialize = {
  protocolVersion: '2025-11-25',
  capabilities: { sampling: {} },
  clientInfo: { name: 'client', version: '1' },
};
const params: readonly (readonly [string, Value])[] = [
  ['tools/call', { name: 'echo', arguments: { text: 'hello' }, _meta: { progressToken: 1 } }],
  ['tools/call', { name: 'mirror', arguments: { result } }],
  ['tools/call', { name: 'mirror', arguments: { result } }],
  ['initialize', initialize],
  ['ping', {}],
  ['tools/list', { cursor: 'x' }],
  ['prompts/list', {}],
  ['prompts/get', { name: 'greet', arguments: { to: 'me' } }],
  ['resources/list', {}],
  ['resources/templates/list', {}],
  ['resources/read', { uri: 'raw://fixed' }],
  ['completion/complete', { ref: { type: 'ref/prompt', name: 'greet' }, argument: { name: 'to', value: 'a' } }],
  [
    'completion/complete',
    { ref: { type: 'ref/resource', uri: 'raw://item/{id}' }, argument: { name: 'id', value: '' } },
  ],
  ['logging/setLevel', { level: 'debug' }],
  ['server/discover', {}],
  ['notifications/cancelled', { requestId: 1, reason: 'no' }],
  ['notifications/initialized', {}],
];

/** Real messages of MCP, as objects. */
export const realMessages: readonly Value[] = params.map(([method, params], index) =>
  method.startsWith('notifications/')
    ? { jsonrpc: '2.0', method, params }
    : { jsonrpc: '2.0', id: index + 1, method, params },
);

/** The request that carries a body, as an honest client writes it. `{session}` and `{port}` are filled in later. */
export const requestOf = (body: string, path = '/mcp'): Parcel => ({
  method: 'POST',
  path,
  headers: [
    'Host: 127.0.0.1:{port}',
    'Content-Type: application/json',
    'Accept: application/json, text/event-stream',
    'Mcp-Session-Id: {session}',
    'MCP-Protocol-Version: 2025-11-25',
  ].join('\r\n'),
  body: Buffer.from(body).toString('latin1'),
  framing: 'length',
  leave: '',
});

const oddHeaders = [
  'Content-Encoding: gzip',
  'Content-Encoding: identity, br',
  'Content-Type: application/json; charset=utf-16',
  'Content-Type: text/plain',
  'Content-Type: application/jsonp',
  'Content-Type: multipart/form-data; boundary=x',
  'Accept: */*;q=0',
  'Accept: application/json;q=1e400, ,;,',
  `Accept: ${'a/b,'.repeat(2000)}`,
  'Mcp-Session-Id: ../../x',
  'Mcp-Session-Id: __proto__',
  'MCP-Protocol-Version: 2099-01-01',
  'MCP-Protocol-Version: __proto__',
  'Host: evil.example',
  'Host: [::1]:{port}',
  'Host: 127.0.0.1:{port}@evil.example',
  'Origin: null',
  'Origin: http://[',
  'Origin: https://evil.example',
  'Expect: 100-continue',
  'Expect: everything',
  'Upgrade: websocket\r\nConnection: upgrade',
  'Connection: close',
  'X-Forwarded-Host: evil.example',
  'Authorization: Bearer x',
  'Range: bytes=0-1',
  'If-None-Match: *',
  'Last-Event-ID: 7',
  'Transfer-Encoding: gzip, chunked',
  'Content-Length: 1',
  `X-Long: ${'a'.repeat(20_000)}`,
  Array.from({ length: 300 }, (_, index) => `X-${index}: 1`).join('\r\n'),
  'X-Control: a\x01b',
  'X-High: \xff\xfe',
  ' X-Folded: 1',
  'X-No-Colon',
];

/** Framings whose stated length is wrong, so that no answer can be expected. */
const framings = ['chunked', 'chunked', 'pieces', 'short', 'long', 'none', 'both', 'broken-chunk'];

/** A request with something wrong in its message, its headers, its framing, or in how the client leaves. */
export function mutateRequest(random: Random): Parcel {
  const message = random.pick(realMessages);
  const batch = random.chance(0.04) ? [message, random.pick(realMessages)] : message;
  const body = random.chance(0.9) ? mutateJson(batch, random) : JSON.stringify(message);
  const request: Record<string, string> = { ...requestOf(body, random.pick(['/mcp', '/mcp/hooked', '/mcp/hooked'])) };
  if (random.chance(0.1)) request.body = mutateText(request.body ?? '', random, '\xc3\x28\xff');
  if (random.chance(0.12)) request.headers = `${request.headers}\r\n${random.pick(oddHeaders)}`;
  if (random.chance(0.08)) request.headers = replaced(request.headers ?? '', random);
  if (random.chance(0.03)) request.method = random.pick(['GET', 'DELETE', 'PUT', 'HEAD', 'OPTIONS', 'TRACE', 'BREW']);
  if (random.chance(0.05))
    request.path = mutateText(request.path ?? '', random, '/mcp/hooked?x=%ff#y').replace(/\s/g, '+');
  if (random.chance(0.12)) request.framing = random.pick(framings);
  if (random.chance(0.06)) request.leave = random.pick(['half', 'now']);
  return request;
}

/** An odd header takes the place of the real one of its name. */
function replaced(headers: string, random: Random): string {
  const odd = random.pick(oddHeaders);
  const name = `${odd.split(':', 1)[0]}:`.toLowerCase();
  return [...headers.split('\r\n').filter(line => !line.toLowerCase().startsWith(name)), odd].join('\r\n');
}
