import type { ServerResponse } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { call, openGateway, refusalOf, rpc } from '../fixtures/open-gateway.ts';
import { expectHonestCall, openRawGateway, type RawGateway } from '../fixtures/open-raw-gateway.ts';
import { postHead, rawClient } from '../fixtures/raw-client.ts';
import { startRawHttpServer } from '../fixtures/raw-http-server.ts';

let gateway: RawGateway;
let session: Record<string, string>;
const page = 'https://app.example';

beforeAll(async () => {
  gateway = await openRawGateway({
    bindings: { main: { upstreams: ['raw'] }, second: { upstreams: ['raw'] }, mcp: { upstreams: ['raw'] } },
    limits: { concurrent_requests: 4, request_timeout_ms: 12_000 },
    allowedOrigins: [page],
  });
  session = await gateway.session();
});
afterAll(() => gateway[Symbol.asyncDispose]());

describe('a page of an allowed origin', () => {
  const preflight = (headers: Record<string, string> = {}, path = '/mcp') =>
    fetch(gateway.url + path, {
      method: 'OPTIONS',
      headers: { origin: page, 'access-control-request-method': 'POST', ...headers },
    });

  it.each(['/mcp', '/mcp/second', '/second/mcp/'])('may send what a preflight of %s asks for [GW-43]', async path => {
    const answer = await preflight({ 'access-control-request-headers': 'content-type,mcp-session-id,x-own' }, path);
    expect(answer.status).toBe(204);
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      'access-control-allow-origin': page,
      'access-control-allow-methods': 'POST, GET, DELETE',
      'access-control-allow-headers': 'content-type,mcp-session-id,x-own',
      vary: 'origin',
    });
    expect(answer.headers.has('access-control-allow-private-network')).toBe(false);
  });

  it('is told the usual headers where it names none, and that it may call a private network [GW-43]', async () => {
    const { headers } = await preflight({ 'access-control-request-private-network': 'true' });
    expect(headers.get('access-control-allow-private-network')).toBe('true');
    for (const name of ['authorization', 'mcp-session-id', 'mcp-protocol-version', 'last-event-id', 'content-type']) {
      expect(headers.get('access-control-allow-headers')?.split(', ')).toContain(name);
    }
  });

  it.each([
    { what: 'an answer', message: call('echo', { text: 'x' }), headers: {}, status: 200 },
    { what: 'a stream', message: rpc('tools/call', { name: 'log' }), headers: {}, status: 200 },
    {
      what: 'an accepted notification',
      message: { jsonrpc: '2.0', method: 'notifications/x' },
      headers: {},
      status: 202,
    },
    { what: 'an error', message: rpc('ping'), headers: { 'mcp-session-id': 'none' }, status: 404 },
    { what: 'a refusal', message: rpc('ping'), headers: { 'content-type': 'text/plain' }, status: 415 },
    { what: 'what stands at no path', message: rpc('ping'), headers: {}, path: '/mcp/none', status: 404 },
  ])('may read $what [GW-43]', async ({ message, headers, status, path }) => {
    const answer = await gateway.post(message, { ...session, origin: page, ...headers }, path);
    expect(answer.status).toBe(status);
    expect(answer.headers.get('access-control-allow-origin')).toBe(page);
    expect(answer.headers.get('access-control-expose-headers')).toContain('mcp-session-id');
    expect(answer.headers.get('vary')).toBe('origin');
  });

  it('may read the stream of notifications, and ends its session [GW-43]', async () => {
    const own = { ...(await gateway.session()), origin: page };
    const stream = await fetch(`${gateway.url}/mcp`, { headers: { ...own, accept: 'text/event-stream' } });
    expect(stream.headers.get('access-control-allow-origin')).toBe(page);
    const ended = await fetch(`${gateway.url}/mcp`, { method: 'DELETE', headers: own });
    expect([ended.status, ended.headers.get('access-control-allow-origin')]).toEqual([204, page]);
    await stream.body?.cancel();
  });

  it('is the only one that may: others, and clients that are no page, are told nothing [GW-43]', async () => {
    const evil = await preflight({ origin: 'https://evil.example' });
    expect([evil.status, evil.headers.get('access-control-allow-origin')]).toEqual([403, null]);
    expect(evil.headers.get('vary')).toBe('origin');
    const { headers } = await gateway.post(rpc('ping'), session);
    expect([...headers.keys()].filter(name => name.startsWith('access-control'))).toEqual([]);
    const plain = await fetch(`${gateway.url}/mcp`, { method: 'OPTIONS' });
    expect([plain.status, plain.headers.get('allow')]).toEqual([405, 'POST, GET, DELETE']);
  });
});

describe('the path of a binding', () => {
  it.each([
    ['/mcp', 'main'],
    ['/mcp/', 'main'],
    ['/mcp?x=1', 'main'],
    ['/mcp/second', 'second'],
    ['/mcp/second/', 'second'],
    ['/second/mcp', 'second'],
    ['/second/mcp/', 'second'],
    ['/mcp/mcp', 'mcp'],
    ['/main/mcp', 'main'],
  ])('%s is that of %s [GW-45]', async (path, binding) => {
    const own = await gateway.session(path);
    expect((await gateway.post(rpc('ping'), own, path)).body.result).toEqual({});
    expect(gateway.lines.at(-1)).toMatchObject({ binding });
  });

  it.each(['/second', '/mcp/second/mcp', '/mcp//', '/none/mcp', '//mcp'])('%s is none [GW-45]', async path => {
    const { status, body } = await gateway.post(rpc('ping'), session, path);
    expect([status, body.error.data.code]).toEqual([404, 'path_unknown']);
  });

  it('is not asked for its head, which would be a stream without end [GW-45]', async () => {
    const head = await fetch(`${gateway.url}/mcp`, { method: 'HEAD', headers: { ...session, accept: '*/*' } });
    expect(head.status).toBe(405);
    expect((await fetch(`${gateway.url}/healthz`, { method: 'HEAD' })).status).toBe(200);
  });
});

describe('a client of HTTP/1.0', () => {
  it('is answered without chunks, streams too [GW-50]', async () => {
    const meta = { _meta: { progressToken: 1 } };
    for (const message of [call('echo', { text: 'plain' }), rpc('tools/call', { name: 'progress', ...meta })]) {
      using client = await rawClient(gateway.url);
      const body = JSON.stringify(message);
      client.send(postHead(gateway.url, body, session, '1.0'), body);
      await client.closed;
      const [head = '', answer = ''] = client.text().split('\r\n\r\n', 2);
      expect(head).toMatch(/^HTTP\/1\.1 200 /);
      expect(head).not.toMatch(/transfer-encoding/i);
      expect(answer).toMatch(/^(\{"jsonrpc".*"plain".*\}|event: message\ndata: \{)/);
    }
    await expectHonestCall(gateway, session);
  });
});

it('two Hosts are refused, whatever they are [GW-47]', async () => {
  const { host } = new URL(gateway.url);
  for (const second of [host, 'evil.example']) {
    using client = await rawClient(gateway.url);
    client.send(['GET /mcp HTTP/1.1', `Host: ${host}`, `HOST: ${second}`, 'Connection: close']);
    await client.closed;
    expect(client.text()).toMatch(/^HTTP\/1\.1 400 .*host_ambiguous/s);
  }
});

it('numbers for this machine are not for those behind a proxy on it [GW-48]', async () => {
  const numbers = (headers = {}) => fetch(`${gateway.url}/metrics`, { headers });
  expect((await numbers()).status).toBe(200);
  for (const name of ['forwarded', 'x-forwarded-for', 'x-real-ip', 'via']) {
    expect((await numbers({ [name]: 'for=192.0.2.1' })).status).toBe(404);
  }
});

it('a head that does not come to its end is cut off after ten seconds [GW-49]', async () => {
  using client = await rawClient(gateway.url);
  const began = performance.now();
  client.socket.write('POST /mcp HTTP/1.1\r\nHost: x\r\n');
  const drip = setInterval(() => client.socket.write('x: y\r\n'), 500);
  await client.closed;
  clearInterval(drip);
  expect(client.text()).toMatch(/^HTTP\/1\.1 408 /);
  expect(performance.now() - began).toBeLessThan(60_000);
});

it('a request is one until its answer is read, however long that takes [GW-40]', async () => {
  const body = JSON.stringify(call('huge', { bytes: 14 * 1024 * 1024 }));
  const clients = await Promise.all(
    Array.from({ length: 4 }, async () => {
      const client = await rawClient(gateway.url);
      client.socket.pause();
      client.send(postHead(gateway.url, body, session), body);
      return client;
    }),
  );
  await expect.poll(() => gateway.lines.filter(({ name }) => name === 'huge')).toHaveLength(4);
  const refused = await gateway.post(rpc('ping'), session);
  expect(refusalOf(refused)).toEqual([503, 'overloaded']);
  for (const client of clients) client.socket.destroy();
  await expect.poll(async () => (await gateway.post(rpc('ping'), session)).status).toBe(200);
  await expectHonestCall(gateway, session);
});

it('an upstream that is down is not tried each time that readiness is asked for [GW-59]', async () => {
  let tried = 0;
  const refuse = (_: unknown, response: ServerResponse) => {
    tried += 1;
    response.writeHead(500).end();
    return true;
  };
  await using down = await startRawHttpServer({ refuse });
  await using waiting = await openGateway([{ id: 'down', http: { url: down.url } }]);
  const began = performance.now();
  for (let asked = 0; asked < 300; asked += 1) {
    expect((await fetch(`${waiting.url}/readyz`, { headers: { host: 'any.example' } })).status).toBe(503);
  }
  expect(tried).toBeGreaterThan(0);
  // A slow machine asks for longer.
  expect(tried).toBeLessThan(20 + (performance.now() - began) / 1000);
});

it('an upstream that floods a client which does not read is held up [GW-40]', async () => {
  using client = await rawClient(gateway.url);
  client.socket.pause();
  const params = { name: 'flood', arguments: { ms: 7_000 }, _meta: { progressToken: 1 } };
  const body = JSON.stringify(rpc('tools/call', params));
  client.send(postHead(gateway.url, body, session), body);
  // What the buffers of two connections hold, and no more.
  const sentInHalfASecond = async () => {
    const { count } = gateway.upstream.raw.flooded;
    await new Promise(resolve => setTimeout(resolve, 500));
    return gateway.upstream.raw.flooded.count - count;
  };
  await expect.poll(() => gateway.upstream.raw.flooded.count).toBeGreaterThan(10);
  await expect.poll(sentInHalfASecond, { timeout: 6_000 }).toBeLessThan(100);
  client.socket.resume();
  await expect.poll(() => client.text()).toContain('"id":1,"result"');
});

it('a call that says nothing for long is heard of all the same [GW-41]', async () => {
  using client = await rawClient(gateway.url);
  using deaf = await rawClient(gateway.url);
  const body = JSON.stringify(call('never'));
  client.send(postHead(gateway.url, body, session), body);
  deaf.send(postHead(gateway.url, body, { ...session, accept: '*/*' }), body);
  await expect.poll(() => client.text()).toMatch(/text\/event-stream.*: still here\n\n/s);
  expect(deaf.text()).toBe('');
  // Twelve seconds are what the upstream has.
  await expect.poll(() => client.text()).toMatch(/^HTTP\/1\.1 200 .*\ndata: \{.*upstream_timeout/s);
  await expect.poll(() => deaf.text()).toMatch(/application\/json.*\{.*upstream_timeout/s);
});

it('a dead stream of notifications keeps no other from being heard [GW-42]', async () => {
  const own = { ...(await gateway.session()), accept: 'text/event-stream' };
  const streams: RawStream[] = [];
  for (let index = 0; index < 6; index += 1) streams.push(await openStream(own));
  // The oldest make room.
  await expect.poll(() => streams.map(({ isOver }) => isOver())).toEqual([true, true, false, false, false, false]);
  gateway.upstream.broadcast({ jsonrpc: '2.0', method: 'notifications/tools/list_changed' });
  await expect.poll(() => streams.at(-1)?.text()).toContain('list_changed');
  await new Promise(resolve => setTimeout(resolve, 50));
  expect(streams.filter(({ text }) => text().includes('list_changed'))).toHaveLength(1);
  await fetch(`${gateway.url}/mcp`, { method: 'DELETE', headers: own });
  await expect.poll(() => streams.every(({ isOver }) => isOver())).toBe(true);
});

type RawStream = Awaited<ReturnType<typeof openStream>>;
async function openStream(headers: Record<string, string>) {
  const response = await fetch(`${gateway.url}/mcp`, { headers });
  expect(response.status).toBe(200);
  let text = '';
  let over = false;
  void (async () => {
    for await (const chunk of response.body ?? []) text += new TextDecoder().decode(chunk as Uint8Array);
    over = true;
  })();
  return { text: () => text, isOver: () => over };
}

it('a call that still runs when draining is over is told so, and logged as it ended [GW-44]', async () => {
  await using ending = await openGateway([{ id: 'raw', http: { url: gateway.upstream.url } }]);
  const own = await ending.session();
  const cancelled = gateway.upstream.raw.cancelled.length;
  const plain = ending.post(call('never', {}, 'plain'), own);
  const meta = { _meta: { progressToken: 1 } };
  await expect.poll(() => gateway.upstream.raw.seen.at(-1)?.params?.name).toBe('never');
  const client = await fetch(`${ending.url}/mcp`, { headers: { ...own, accept: 'text/event-stream' } });
  const streaming = ending.post(rpc('tools/call', { name: 'slow-progress', ...meta }, 'streaming'), own);
  await expect.poll(() => gateway.upstream.raw.seen.at(-1)?.params?.name).toBe('slow-progress');
  await ending.server.drain(100);
  const { status, body } = await plain;
  expect([status, body.id, body.error.data.code]).toEqual([503, 'plain', 'draining']);
  expect(body.error.data.hint).toContain('drain_ms');
  const { status: opened, body: events } = await streaming;
  expect([opened, events]).toEqual([200, expect.stringMatching(/"id":"streaming","error":.*"draining"/)]);
  expect(ending.lines.filter(({ code }) => code === 'draining')).toMatchObject([
    { status: 503, name: 'never', method: 'tools/call', level: 40 },
    { status: 200, name: 'slow-progress', method: 'tools/call', level: 40 },
  ]);
  await expect.poll(() => gateway.upstream.raw.cancelled.length).toBe(cancelled + 2);
  await client.body?.cancel();
});
