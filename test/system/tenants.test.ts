import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { jsGuest, watGuest } from '../fixtures/guest.ts';
import { guestDescriptor } from '../fixtures/guest-descriptor.ts';
import { call, initialize, mcpHeaders, rpc } from '../fixtures/open-gateway.ts';
import { openHost } from '../fixtures/open-host.ts';
import { startRawHttpServer } from '../fixtures/raw-http-server.ts';

const proxy = { from: ['127.0.0.1/32'], headers: { subject: 'x-user', tenant: 'x-tenant' } };
const main = { upstreams: ['upstream'], allow: [{}] };
const settings = {
  identity: { schemes: [{ id: 'ingress', proxy }] },
  bindings: [
    { id: 'main', ...main, transforms: ['works', 'sends'] },
    { id: 'other', ...main },
  ],
  tenants: [
    { id: 'requests', limits: { requests_per_minute: 60 } },
    { id: 'concurrency', limits: { concurrent_requests: 2 } },
    { id: 'sessions', limits: { sessions: 3 } },
    { id: 'hook-time', limits: { hook_ms_per_minute: 100 } },
    { id: 'egress', limits: { egress_requests_per_minute: 10 } },
    { id: 'guest', bindings: ['other'] },
    { id: 'modest' },
  ],
};
const test = { 'x-user': 'test', 'x-tenant': 'test' };

/** Works for as many rounds as the arguments say. */
const works = `
export const lifecycle = { configure() {} };
export const dispatchHooks = {
  beforeDispatch(context, request) {
    const { rounds = 0 } = JSON.parse(request.val.arguments);
    for (let at = 0, sum = 0; at < rounds; at += 1) sum += at;
    return { tag: 'proceed' };
  },
  afterDispatch: () => ({ tag: 'proceed' }),
};`;
/** Sends a request to the URL of the arguments, and blocks if that is denied. */
const sends = `
import { send } from 'sallyport:plugin/outbound-http@0.1.0';
export const lifecycle = { configure() {} };
export const dispatchHooks = {
  beforeDispatch(context, request) {
    const { url } = JSON.parse(request.val.arguments);
    try { if (url !== undefined) send({ method: 'GET', url, headers: [] }); }
    catch (error) { return { tag: 'block', val: { code: 'DENIED', reason: error.payload.tag, description: '' } }; }
    return { tag: 'proceed' };
  },
  afterDispatch: () => ({ tag: 'proceed' }),
};`;

let opened: Awaited<ReturnType<typeof openHost>>;
let server: Awaited<ReturnType<typeof startRawHttpServer>>;
const web = createServer((_request, response) => void response.end('fine'));
let url = '';

beforeAll(async () => {
  server = await startRawHttpServer({});
  await new Promise<void>(resolve => web.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(web.address() as AddressInfo).port}`;
  const hooks = { hooks: ['tool_pre_invoke'] } as const;
  const outbound_http = { allow: [url], allow_private: ['127.0.0.1/32'], requests_per_minute: 1_000_000 };
  const sending = guestDescriptor('sends', { ...hooks, required_capabilities: ['outbound_http'] });
  const plugins = [
    { id: 'works', bytes: await jsGuest(guestDescriptor('works', hooks), works) },
    { id: 'sends', bytes: await jsGuest(sending, sends), grants: { outbound_http } },
  ];
  opened = await openHost(plugins, server.url, settings, { headers: test });
});
afterAll(async () => {
  await opened?.[Symbol.asyncDispose]();
  await server?.[Symbol.asyncDispose]();
  web.closeAllConnections();
  web.close();
});

async function post(tenant: string, message: object, { path = '/mcp', headers = {} } = {}) {
  const response = await fetch(`${opened.url}${path}`, {
    method: 'POST',
    headers: { ...mcpHeaders, 'x-user': 'ada', 'x-tenant': tenant, ...headers },
    body: JSON.stringify(message),
  });
  const body = (await response.json()) as {
    result?: unknown;
    error?: { data: { code: string; setting?: string; reason?: string } };
  };
  return { status: response.status, headers: response.headers, ...body };
}

async function session(tenant: string, path = '/mcp') {
  const { headers } = await post(tenant, initialize(), { path });
  return { 'mcp-session-id': String(headers.get('mcp-session-id')) };
}

type Answer = Awaited<ReturnType<typeof post>>;
type Send = (tenant: string, headers: Record<string, string>) => Promise<Answer>;

const echo: Send = (tenant, headers) => post(tenant, call('echo', { text: 'x' }), { headers });
const work: Send = (tenant, headers) => post(tenant, call('echo', { rounds: 50_000 }), { headers });
const fetching: Send = (tenant, headers) => post(tenant, call('echo', { url }), { headers });
const begin: Send = tenant => post(tenant, initialize());

/** Floods the gateway for a tenant while another one sends 60 of the same requests. */
async function flooded(greedy: string, send: Send) {
  const [own, other] = [await session(greedy), await session('modest')];
  let isOver = false;
  const flood = Array.from({ length: 8 }, async () => {
    const answers: Answer[] = [];
    while (!isOver) answers.push(await send(greedy, own));
    return answers;
  });
  const modest: Answer[] = [];
  for (let at = 0; at < 60; at += 1) modest.push(await send('modest', other));
  isOver = true;
  return { modest, greedy: (await Promise.all(flood)).flat() };
}

const refusals = async (tenant: string, limit: string) => {
  const text = await (await fetch(`${opened.url}/metrics`)).text();
  const series = `sallyport_quota_refusals_total{tenant="${tenant}",limit="limits.${limit}"} `;
  return Number(
    text
      .split('\n')
      .find(each => each.startsWith(series))
      ?.slice(series.length) ?? 0,
  );
};

describe('tenants', () => {
  it.each([
    // One a second comes back beside the 60 that may come at once.
    { greedy: 'requests', limit: 'requests_per_minute', send: echo, most: 200 },
    { greedy: 'concurrency', limit: 'concurrent_requests', send: echo, most: Number.POSITIVE_INFINITY },
    { greedy: 'sessions', limit: 'sessions', send: begin, most: 2 },
    { greedy: 'hook-time', limit: 'hook_ms_per_minute', send: work, most: 200 },
  ])(
    'notice nothing of one that is at its limit of $limit, under load [GW-123]',
    async ({ greedy, limit, send, most }) => {
      const answers = await flooded(greedy, send);
      expect(answers.modest.filter(({ status, result }) => status === 200 && result !== undefined)).toHaveLength(60);
      const served = answers.greedy.filter(({ status }) => status === 200);
      const refused = answers.greedy.filter(({ status }) => status === 429);
      expect(served.length + refused.length).toBe(answers.greedy.length);
      expect(served.length).toBeLessThanOrEqual(most);
      expect(refused.length).toBeGreaterThan(0);
      for (const { headers, error } of refused) {
        expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
        expect(error?.data).toMatchObject({ code: 'quota_exceeded', setting: `tenants.${greedy}.limits.${limit}` });
      }
      expect(await refusals(greedy, limit)).toBe(refused.length);
    },
  );

  it('notice nothing of one whose plugins send as much as they may, under load [GW-126]', async () => {
    const { modest, greedy } = await flooded('egress', fetching);
    expect(modest.filter(({ status, result }) => status === 200 && result !== undefined)).toHaveLength(60);
    const denied = greedy.filter(({ error }) => error !== undefined);
    for (const { error } of denied) expect(error?.data).toMatchObject({ code: 'DENIED', reason: 'denied' });
    expect(denied.length).toBeGreaterThan(0);
    expect(greedy.length - denied.length).toBeLessThan(60);
    expect(await refusals('egress', 'egress_requests_per_minute')).toBe(denied.length);
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
    [{ id: 'loops', bytes: loops, limits: { timeout_ms: 3_000 } }],
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
  // A client that leaves before its call was received has not paid, and another one leaves.
  const answered: number[] = [];
  await expect
    .poll(async () => {
      const leaving = send(call('echo'), session, AbortSignal.timeout(1_000));
      await leaving.then(
        ({ status }) => answered.push(status),
        () => {},
      );
      return (await send(rpc('ping'), session)).status;
    })
    .toBe(429);
  expect(answered.filter(status => status !== 429)).toEqual([]);
});
