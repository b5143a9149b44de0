import { request as httpRequest } from 'node:http';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { call, initialize, mcpHeaders, refusalOf, rpc } from '../fixtures/open-gateway.ts';
import { expectHonestCall, openRawGateway, type RawGateway } from '../fixtures/open-raw-gateway.ts';
import { postHead, rawClient } from '../fixtures/raw-client.ts';

let gateway: RawGateway;
let session: Record<string, string>;

beforeAll(async () => {
  gateway = await openRawGateway({
    limits: { concurrent_requests: 8 },
    allowedHosts: ['gateway.example:8443', 'any-port.example'],
    allowedOrigins: ['https://app.example'],
  });
});
beforeEach(async () => {
  session = await gateway.session();
});
afterAll(() => gateway[Symbol.asyncDispose]());

/** The next request, of the same client. */
const honest = () => expectHonestCall(gateway, session);

interface Raw {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Record<string, string>;
  readonly body?: string;
}

/** fetch sets Host and Origin itself; this sends any headers. */
const send = ({ method = 'POST', path = '/mcp', headers = {}, body = '' }: Raw) =>
  new Promise<{ status: number; body: string }>((resolve, reject) => {
    const options = { method, headers: { ...mcpHeaders, ...headers }, agent: false };
    const request = httpRequest(gateway.url + path, options, async response => {
      resolve({ status: response.statusCode ?? 0, body: Buffer.concat(await response.toArray()).toString() });
    });
    request.on('error', reject);
    request.end(body);
  });

const ping = JSON.stringify(rpc('ping'));
const asking = (method: string, params?: object): Raw => ({ body: JSON.stringify(rpc(method, params)) });
const pinging = (headers: Record<string, string>): Raw => ({ headers, body: ping });

/** What clients do, by the error that they are answered with. */
const refusals: readonly { status: number; rpc: number; code: string; clients: Readonly<Record<string, Raw>> }[] = [
  {
    ...{ status: 400, rpc: -32700, code: 'json_malformed' },
    clients: { 'sends no JSON': { body: '{"jsonrpc":' }, 'sends nothing': { body: '' } },
  },
  {
    ...{ status: 400, rpc: -32600, code: 'batch_refused' },
    clients: { 'sends an empty batch': { body: '[]' } },
  },
  {
    ...{ status: 400, rpc: -32600, code: 'message_invalid' },
    clients: {
      'sends no object': { body: '"ping"' },
      'sends another JSON-RPC': { body: '{"jsonrpc":"1.0","id":1,"method":"ping"}' },
      'sends no method': { body: '{"jsonrpc":"2.0"}' },
      'sends an object as id': { body: '{"jsonrpc":"2.0","id":{},"method":"ping"}' },
    },
  },
  {
    ...{ status: 200, rpc: -32602, code: 'params_invalid' },
    clients: {
      'sends a list as params': { body: '{"jsonrpc":"2.0","id":1,"method":"ping","params":[]}' },
      'calls no tool by name': asking('tools/call', { name: 7 }),
      'asks for an unknown log level': asking('logging/setLevel', { level: 'loud' }),
      'completes nothing': asking('completion/complete'),
      'initializes without a revision': asking('initialize'),
    },
  },
  {
    ...{ status: 200, rpc: -32601, code: 'method_unknown' },
    clients: { 'calls an unknown method': asking('no/such') },
  },
  {
    ...{ status: 403, rpc: -32000, code: 'origin_refused' },
    clients: {
      'has a page of elsewhere behind it': pinging({ origin: 'https://evil.example' }),
      'has a sandboxed page behind it': pinging({ origin: 'null' }),
    },
  },
  {
    ...{ status: 403, rpc: -32000, code: 'host_refused' },
    clients: {
      'was rebound by DNS': pinging({ host: 'evil.example:8787' }),
      'asks for loopback at another port': pinging({ host: 'localhost:1' }),
      'asks for an allowed host at another port': pinging({ host: 'gateway.example:1' }),
    },
  },
  {
    ...{ status: 415, rpc: -32000, code: 'media_type_refused' },
    clients: {
      'sends a form': pinging({ 'content-type': 'application/x-www-form-urlencoded' }),
      'sends text': pinging({ 'content-type': 'text/plain; a=application/json' }),
    },
  },
  {
    ...{ status: 406, rpc: -32000, code: 'not_acceptable' },
    clients: {
      'wants HTML': pinging({ accept: 'text/html' }),
      'wants JSON of a stream': { method: 'GET', headers: { accept: 'application/json' } },
    },
  },
  {
    ...{ status: 400, rpc: -32022, code: 'revision_unknown' },
    clients: { 'speaks a revision of the future': pinging({ 'mcp-protocol-version': '2099-01-01' }) },
  },
  {
    ...{ status: 404, rpc: -32000, code: 'session_unknown' },
    clients: { 'makes up a session': pinging({ 'mcp-session-id': 'made-up' }) },
  },
  {
    ...{ status: 405, rpc: -32000, code: 'http_method_refused' },
    clients: { 'uses another HTTP method': { method: 'PUT', body: ping } },
  },
  {
    ...{ status: 404, rpc: -32000, code: 'path_unknown' },
    clients: {
      'goes elsewhere': { path: '/elsewhere', body: ping },
      'goes to an unknown binding': { path: '/mcp/unknown', body: ping },
    },
  },
];

describe('a client that', () => {
  it.each(
    refusals.flatMap(({ clients, ...refusal }) =>
      Object.entries(clients).map(([what, raw]) => ({ what, raw, ...refusal })),
    ),
  )(
    '$what is told $code with status $status, and served when it asks honestly [GW-20]',
    async ({ raw, status, rpc, code }) => {
      const answer = await send({ ...raw, headers: { ...session, ...raw.headers } });
      expect(answer.status).toBe(status);
      const { error } = JSON.parse(answer.body);
      expect(error).toMatchObject({ code: rpc, message: expect.any(String), data: { code, hint: expect.any(String) } });
      await honest();
    },
  );

  it('sends no session is told so [GW-20]', async () => {
    const answer = await gateway.post(rpc('ping'));
    expect(refusalOf(answer)).toEqual([400, 'session_missing']);
    await honest();
  });

  it.each([
    { what: 'an allowed host', headers: { host: 'gateway.example:8443' } },
    { what: 'an allowed host at any port', headers: { host: 'Any-Port.example:99' } },
    { what: 'an allowed origin', headers: { origin: 'https://app.example' } },
    { what: 'a page of this machine', headers: { origin: 'http://localhost:5173' } },
    { what: 'a charset', headers: { 'content-type': 'application/json; charset=utf-8' } },
    { what: 'any Accept', headers: { accept: '*/*' } },
  ])('comes with $what is served', async ({ headers }) => {
    expect((await send({ body: ping, headers: { ...session, ...headers } })).status).toBe(200);
  });

  const huge = 50 * 1024 * 1024;

  it('announces 50 MB is refused before it sent them [GW-21]', async () => {
    const message = await gateway.post(JSON.stringify(call('echo', { text: 'x'.repeat(huge) })), session);
    expect(refusalOf(message)).toEqual([413, 'body_too_large']);
    await honest();
  });

  it('sends 50 MB in pieces is refused as soon as they are too many [GW-21]', async () => {
    const piece = 'x'.repeat(1024 * 1024);
    let sent = 0;
    const body = new ReadableStream({
      pull(controller) {
        if (sent >= huge) return controller.close();
        sent += piece.length;
        controller.enqueue(new TextEncoder().encode(piece));
      },
    });
    const headers = { ...mcpHeaders, ...session };
    const init = { method: 'POST', headers, body, duplex: 'half' } as RequestInit;
    const outcome = await fetch(`${gateway.url}/mcp`, init).then(
      response => response.status,
      () => 'closed',
    );
    expect([413, 'closed']).toContain(outcome);
    expect(gateway.lines.at(-1)).toMatchObject({ status: 413, code: 'body_too_large' });
    await honest();
  });

  it('sends more and more of a refused body gets the answer, and is disconnected [GW-115]', async () => {
    using client = await rawClient(gateway.url);
    const head = postHead(gateway.url, '', { ...session, 'transfer-encoding': 'chunked' });
    client.send(head.filter(line => !line.startsWith('content-length')));
    const piece = 'x'.repeat(64 * 1024);
    const sending = setInterval(() => client.socket.write(`10000\r\n${piece}\r\n`), 1);
    await client.closed;
    clearInterval(sending);
    expect(client.text()).toMatch(/^HTTP\/1\.1 413 /);
    await honest();
  });

  it('leaves in the middle of a call has the call cancelled upstream [GW-22]', async () => {
    const cancelled = gateway.upstream.raw.cancelled.length;
    const controller = new AbortController();
    const headers = { ...mcpHeaders, ...session };
    const body = JSON.stringify(call('never', {}, 'left'));
    const left = fetch(`${gateway.url}/mcp`, { method: 'POST', headers, body, signal: controller.signal });
    await expect.poll(() => gateway.upstream.raw.seen.at(-1)?.params?.name).toBe('never');
    controller.abort();
    await expect(left).rejects.toThrow();
    await expect.poll(() => gateway.upstream.raw.cancelled.length).toBe(cancelled + 1);
    await expect.poll(() => gateway.lines.some(({ status }) => status === 499)).toBe(true);
    await honest();
  });

  it('leaves in the middle of its body is no failure of ours [FUZZ-02]', async () => {
    const before = gateway.lines.length;
    const headers = { ...mcpHeaders, ...session };
    const request = httpRequest(`${gateway.url}/mcp`, {
      method: 'POST',
      agent: false,
      headers: { ...headers, 'content-length': '99' },
    });
    request.on('error', () => {});
    request.write('{"jsonrpc":', () => request.destroy());
    await expect.poll(() => gateway.lines.slice(before)).toMatchObject([{ status: 499, level: 30 }]);
    expect(gateway.lines.at(-1)).not.toHaveProperty('code');
    await honest();
  });

  it('cancels a call of its own has it cancelled upstream, and cannot cancel one of another session [GW-23]', async () => {
    const cancelled = gateway.upstream.raw.cancelled.length;
    const call_ = gateway.post(call('never', {}, 'mine'), session);
    await expect.poll(() => gateway.upstream.raw.seen.at(-1)?.params?.name).toBe('never');
    const cancel = { jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 'mine' } };
    expect((await gateway.post(cancel, await gateway.session())).status).toBe(202);
    await honest();
    expect(gateway.upstream.raw.cancelled.length).toBe(cancelled);
    expect((await gateway.post(cancel, session)).status).toBe(202);
    expect(await call_).toMatchObject({ status: 200, body: '' });
    await expect.poll(() => gateway.upstream.raw.cancelled.length).toBe(cancelled + 1);
    await honest();
  });

  it('is one too many at the same time is asked to come again [GW-24]', async () => {
    const controller = new AbortController();
    const headers = { ...mcpHeaders, ...session };
    const waiting = Array.from({ length: 8 }, (_, id) =>
      fetch(`${gateway.url}/mcp`, {
        ...{ method: 'POST', headers, signal: controller.signal },
        body: JSON.stringify(call('never', {}, id)),
      }).catch(() => {}),
    );
    await expect
      .poll(() => gateway.upstream.raw.seen.filter(({ params }) => params?.name === 'never').length)
      .toBeGreaterThanOrEqual(8);
    const refused = await gateway.post(rpc('ping'), session);
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '1']);
    expect(refused.body.error.data.code).toBe('overloaded');
    controller.abort();
    await Promise.all(waiting);
    await expect.poll(async () => (await gateway.post(rpc('ping'), session)).status).toBe(200);
    await honest();
  });

  it('wants more sessions or streams than its share is told the settings, and keeps what it has [GW-100] [GW-102]', async () => {
    const limits = { sessions: 4, streams: 2, address_share: 0.5 };
    await using limited = await openRawGateway({ limits });
    const [first, second] = [await limited.session(), await limited.session()];
    const refused = await limited.post(initialize());
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '1']);
    const told = {
      code: 'sessions_exhausted',
      hint: expect.stringMatching(/`limits.sessions` or `limits.address_share`/),
    };
    expect(refused.body.error.data).toMatchObject(told);
    const listen = (session: Record<string, string>) =>
      fetch(`${limited.url}/mcp`, { headers: { ...session, accept: 'text/event-stream' } });
    expect((await listen(first)).status).toBe(200);
    const unheard = await listen(second);
    expect([unheard.status, JSON.parse(await unheard.text()).error.data.code]).toEqual([503, 'streams_exhausted']);
    expect((await limited.post(rpc('ping'), second)).status).toBe(200);
    // Its own DELETE makes room for it.
    await fetch(`${limited.url}/mcp`, { method: 'DELETE', headers: first });
    expect((await listen(await limited.session())).status).toBe(200);
  });

  it('opens sessions without end does not end those in use [GW-25]', async () => {
    const limited = await openRawGateway({ limits: { sessions: 3 } });
    const first = await limited.session();
    await limited.session();
    await limited.session();
    await expect(limited.session()).rejects.toThrow('sessions_exhausted');
    expect((await limited.post(rpc('ping'), first)).status).toBe(200);
    await limited[Symbol.asyncDispose]();
    await honest();
  });
});
