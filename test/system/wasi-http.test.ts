import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { guestDescriptor } from '../fixtures/guest-descriptor.ts';
import { callContext, calls, toolCall } from '../fixtures/hook-calls.ts';
import { openGuests } from '../fixtures/sandboxed.ts';
import { fetchingScript, starlingGuest } from '../fixtures/starling-guest.ts';

describe('fetch in a StarlingMonkey component', () => {
  const server = createServer(async (request, response) => {
    const body = (await request.toArray()).join('');
    seen.push({ method: request.method, url: request.url, key: request.headers['x-key'], body });
    if (request.url === '/away') return void response.writeHead(302, { location: 'http://169.254.169.254/' }).end();
    if (request.url === '/here') return void response.writeHead(302, { location: '/there' }).end();
    if (request.url === '/big') return void response.end('x'.repeat(200_000));
    if (request.url === '/never') return void response.on('close', () => seen.push({ closed: '/never' }));
    if (request.url === '/slow') return void setTimeout(() => response.end('slow'), 200);
    response.writeHead(200, { 'x-from': 'server' }).end('hello');
  });
  const seen: object[] = [];
  let origin: string;
  let bytes: Uint8Array;
  let runner: Awaited<ReturnType<typeof openGuests>>;
  const limits = { timeoutMs: 20_000, startMs: 60_000 };

  beforeAll(async () => {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const asks = { required_capabilities: ['outbound_http', 'clock', 'random'] };
    bytes = await starlingGuest(guestDescriptor('fetches', asks), fetchingScript);
    const outbound_http = { allow: [origin], allow_private: ['127.0.0.1/32'], max_bytes: 100_000 };
    runner = await openGuests([{ bytes, grants: { outbound_http, clock: {}, random: {} }, limits }]);
  }, 180_000);
  afterAll(async () => {
    await runner?.[Symbol.asyncDispose]();
    server.closeAllConnections();
    server.close();
  });

  const ask = async (request: object, by = runner): Promise<unknown> => {
    const value = toolCall(request);
    const { reports } = await by.run({ stage: 'before', context: callContext, calls: calls('fetches'), value });
    const [report] = reports;
    return report?.outcome === 'block' ? JSON.parse(report.violation.reason) : report;
  };

  it('[CAP-29] reaches an allowed server, with method, headers and body', async () => {
    seen.length = 0;
    expect(await ask({ url: `${origin}/a?b=c` })).toEqual({ status: 200, from: 'server', text: 'hello' });
    const post = { url: `${origin}/p`, method: 'POST', headers: { 'x-key': 'value' }, body: 'content' };
    expect(await ask(post)).toMatchObject({ status: 200 });
    expect(seen).toEqual([
      { method: 'GET', url: '/a?b=c', key: undefined, body: '' },
      { method: 'POST', url: '/p', key: 'value', body: 'content' },
    ]);
  });

  it('[CAP-74] starts while it is learning, and what it asks for is recorded, a body or none', async () => {
    const needs: unknown[] = [];
    const refused = (_plugin: string, capability: string, need: string) =>
      void (capability === 'outbound_http' && needs.push(JSON.parse(need)));
    await using learning = await openGuests([{ bytes, grants: 'learn', limits }], { refused });
    seen.length = 0;
    for (const init of [{}, { method: 'POST', body: 'content' }]) {
      expect(await ask({ url: `${origin}/a?b=c`, ...init }, learning)).toMatchObject({ error: expect.any(String) });
    }
    expect(needs).toEqual([
      { method: 'GET', url: `${origin}/a` },
      { method: 'POST', url: `${origin}/a` },
    ]);
    expect(seen).toEqual([]);
  });

  it.each([
    { what: 'another port', url: 'http://127.0.0.1:1/' },
    { what: 'the metadata address', url: 'http://169.254.169.254/latest/meta-data' },
    { what: 'a public server', url: 'https://example.com/' },
    { what: 'a decimal address', url: 'http://2130706433:1/' },
  ])('[CAP-29] is refused $what', async ({ url }) => {
    seen.length = 0;
    expect(await ask({ url })).toEqual({ error: expect.stringContaining('NetworkError') });
    expect(seen).toEqual([]);
  });

  it('[CAP-29] is held to methods, sizes and redirects like every other request', async () => {
    const failed = { error: expect.stringContaining('NetworkError') };
    expect(await ask({ url: origin, method: 'DELETE' })).toEqual(failed);
    expect(await ask({ url: `${origin}/big` })).toEqual(failed);
    expect(await ask({ url: `${origin}/away` })).toEqual(failed);
    expect(await ask({ url: `${origin}/here` })).toMatchObject({ status: 200, text: 'hello' });
    expect(await ask({ url: origin, method: 'POST', body: 'x'.repeat(200_000) })).toMatchObject({
      error: expect.any(String),
    });
  });

  it('[CAP-29] waits without holding up others of its plugin', async () => {
    const answers = await Promise.all([1, 2, 3, 4].map(() => ask({ url: `${origin}/slow` })));
    expect(answers).toEqual(answers.map(() => ({ status: 200, from: null, text: 'slow' })));
  });

  it('[CAP-29] is cut off when the call is over that asked and did not wait', async () => {
    seen.length = 0;
    expect(await ask({ url: `${origin}/slow`, forgotten: `${origin}/never` })).toMatchObject({ text: 'slow' });
    expect(seen).toContainEqual(expect.objectContaining({ url: '/never' }));
    // Long before the ten seconds of the grant.
    await expect.poll(() => seen).toContainEqual({ closed: '/never' });
    expect(await ask({ url: origin })).toMatchObject({ status: 200 });
  });

  it('[CAP-29] reaches nothing where outbound_http is optional and was not granted', async () => {
    const asks = { required_capabilities: ['clock', 'random'], optional_capabilities: ['outbound_http'] };
    const optional = await starlingGuest(guestDescriptor('fetches', asks), fetchingScript);
    await using without = await openGuests([{ bytes: optional, grants: { clock: {}, random: {} }, limits }]);
    expect(await ask({ url: origin }, without)).toEqual({ error: expect.stringContaining('NetworkError') });
  });

  it('[CAP-29] is refused at the start where it was not declared', async () => {
    const undeclared = await starlingGuest(guestDescriptor('fetches'), fetchingScript);
    const opening = openGuests([{ bytes: undeclared, limits }]);
    await expect(opening).rejects.toMatchObject({
      faults: expect.arrayContaining([expect.objectContaining({ code: 'capability_undeclared' })]),
    });
  });
});
