import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { watGuest } from '../fixtures/guest.ts';
import { guestDescriptor } from '../fixtures/guest-descriptor.ts';
import { call, initialize, mcpHeaders, rpc } from '../fixtures/open-gateway.ts';
import { openHost } from '../fixtures/open-host.ts';
import { startRawHttpServer } from '../fixtures/raw-http-server.ts';

const proxy = { from: ['127.0.0.1/32'], headers: { subject: 'x-user', tenant: 'x-tenant' } };
const main = { upstreams: ['upstream'], allow: [{}] };
const settings = {
  identity: { schemes: [{ id: 'ingress', proxy }] },
  bindings: [
    { id: 'main', ...main },
    { id: 'other', ...main },
  ],
  tenants: [
    { id: 'greedy', limits: { requests_per_minute: 60, concurrent_requests: 4 } },
    { id: 'guest', bindings: ['other'] },
  ],
};
const test = { 'x-user': 'test', 'x-tenant': 'test' };

let opened: Awaited<ReturnType<typeof openHost>>;
let server: Awaited<ReturnType<typeof startRawHttpServer>>;

beforeAll(async () => {
  server = await startRawHttpServer({});
  opened = await openHost([], server.url, settings, { headers: test });
}, 60_000);
afterAll(async () => {
  await opened?.[Symbol.asyncDispose]();
  await server?.[Symbol.asyncDispose]();
});

async function post(tenant: string, message: object, { path = '/mcp', headers = {} } = {}) {
  const response = await fetch(`${opened.url}${path}`, {
    method: 'POST',
    headers: { ...mcpHeaders, 'x-user': 'ada', 'x-tenant': tenant, ...headers },
    body: JSON.stringify(message),
  });
  const body = (await response.json()) as { result?: unknown; error?: { data: { code: string; setting?: string } } };
  return { status: response.status, headers: response.headers, ...body };
}

async function session(tenant: string, path = '/mcp') {
  const { headers } = await post(tenant, initialize(), { path });
  return { 'mcp-session-id': String(headers.get('mcp-session-id')) };
}

describe('tenants', () => {
  it('notice nothing of one that is at its limits, under load [GW-123]', async () => {
    const [greedy, modest] = [await session('greedy'), await session('modest')];
    const echo = call('echo', { text: 'x' });
    let isOver = false;
    const flood = Array.from({ length: 16 }, async () => {
      const answers: Awaited<ReturnType<typeof post>>[] = [];
      while (!isOver) answers.push(await post('greedy', echo, { headers: greedy }));
      return answers;
    });
    const answers = [];
    for (let at = 0; at < 100; at += 1) answers.push(await post('modest', echo, { headers: modest }));
    isOver = true;
    const greedyAnswers = (await Promise.all(flood)).flat();
    expect(answers.filter(({ status, result }) => status === 200 && result !== undefined)).toHaveLength(100);
    const served = greedyAnswers.filter(({ status }) => status === 200);
    const refused = greedyAnswers.filter(({ status }) => status === 429);
    expect(served.length + refused.length).toBe(greedyAnswers.length);
    expect(refused.length).toBeGreaterThan(0);
    // One a second comes back beside the 60 that may come at once, one of which began the session.
    expect(served.length).toBeLessThan(200);
    for (const { headers, error } of refused) {
      expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
      expect(error?.data).toMatchObject({
        code: 'quota_exceeded',
        setting: expect.stringMatching(/^tenants\.greedy\.limits\./),
      });
    }
    const text = await (await fetch(`${opened.url}/metrics`)).text();
    expect(text).toMatch(/sallyport_quota_refusals_total\{tenant="greedy",limit="limits\.requests_per_minute"\} \d+/);
  });

  it('use the bindings that they are given [GW-124]', async () => {
    expect(await post('guest', initialize())).toMatchObject({
      status: 403,
      error: { data: { code: 'access_denied' } },
    });
    expect(await post('guest', initialize(), { path: '/mcp/other' })).toMatchObject({ status: 200 });
  });
});

it('a tenant whose clients leave pays for the plugins that go on [GW-159]', async () => {
  const loops = await watGuest(guestDescriptor('loops'), { before: '(loop $l (br $l))' });
  await using host = await openHost(
    [{ id: 'loops', bytes: loops, limits: { timeout_ms: 300 } }],
    server.url,
    {
      ...settings,
      bindings: [{ id: 'main', transforms: ['loops'], ...main }],
      tenants: [{ id: 'leaves', limits: { hook_ms_per_minute: 250 } }],
    },
    { headers: test },
  );
  const send = (message: object, headers: object, signal?: AbortSignal) =>
    fetch(`${host.url}/mcp`, {
      method: 'POST',
      headers: { ...mcpHeaders, 'x-user': 'ada', 'x-tenant': 'leaves', ...headers },
      body: JSON.stringify(message),
      ...(signal && { signal }),
    });
  const begun = await send(initialize(), {});
  const session = { 'mcp-session-id': String(begun.headers.get('mcp-session-id')) };
  await expect(send(call('echo'), session, AbortSignal.timeout(100))).rejects.toThrow();
  await expect.poll(async () => (await send(rpc('ping'), session)).status).toBe(429);
});
