import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { jsGuest } from '../fixtures/guest.ts';
import { guestDescriptor } from '../fixtures/guest-descriptor.ts';
import { call, initialize, mcpHeaders, type Posted } from '../fixtures/open-gateway.ts';
import { openServingHost } from '../fixtures/open-host.ts';
import { startRawHttpServer } from '../fixtures/raw-http-server.ts';

/** Identifies the caller whose name it is given, and does what no plugin should for some. */
const identityScript = `
let asked = 0;
const known = (subject, more) => ({ tag: 'known', val: { subject, scopes: ['tools', 'admin'], claims: '{}', ...more } });
export const lifecycle = { configure() {} };
export const identityCheck = {
  identify(context, { header, value }) {
    asked += 1;
    if (value === 'crash') throw new Error('this plugin crashed');
    if (value === 'loop') while (true);
    if (value === 'odd') return { tag: 'perhaps' };
    if (value === 'empty') return known('');
    if (value === 'number') return known(7);
    if (value === 'huge') return known('ada', { claims: JSON.stringify({ a: 'a'.repeat(100000) }) });
    if (value === 'far') return known('ada', { tenant: 'other' });
    if (value === 'stranger') return { tag: 'unknown' };
    if (value === 'ended') return { tag: 'refuse', val: { code: 'ENDED', reason: 'It has ended.', description: '' } };
    return known(value, { tenant: 'acme' });
  },
  preCheck(context, { address, path, authorization }) {
    if (authorization === 'digest') {
      return { tag: 'block', val: { code: 'NO_DIGEST', reason: 'Not here.', description: address + ' ' + path } };
    }
    return { tag: 'proceed' };
  },
  postCheck(context, { subject, scopes }) {
    if (subject === 'legacy:mallory') return { tag: 'block', val: { code: 'NOT_YOU', reason: 'No.', description: '' } };
    if (subject === 'legacy:eve') return { tag: 'narrow', val: { scopes: ['root'] } };
    if (subject === 'legacy:bob') return { tag: 'narrow', val: { scopes: [] } };
    return { tag: 'proceed' };
  },
};`;

const tools = ['echo', 'erase'].map(name => ({ name, inputSchema: { type: 'object' } }));

let upstream: Awaited<ReturnType<typeof startRawHttpServer>>;
let opened: Awaited<ReturnType<typeof openServingHost>>;
let bytes: Uint8Array;

const settings = {
  bindings: [
    {
      ...{ id: 'main', upstreams: ['upstream'] },
      allow: [
        { subjects: ['legacy:*'], tenants: ['acme'], scopes: ['tools'], tools: ['echo'] },
        { scopes: ['admin'], tools: ['erase'] },
      ],
    },
  ],
  identity: {
    anonymous: 'serve',
    schemes: [
      {
        id: 'legacy',
        plugin: { id: 'sessions', header: 'x-session', tenants: ['acme'], scopes: ['tools'], cache_seconds: 60 },
      },
    ],
    checks: [{ plugin: 'sessions' }],
  },
};

beforeAll(async () => {
  upstream = await startRawHttpServer({ results: { 'tools/list': { tools } } });
  const hooks = ['auth_pre_check', 'auth_post_check'];
  bytes = await jsGuest(guestDescriptor('sessions', { kind: 'identity', hooks }), identityScript);
  const plugins = [{ id: 'sessions', bytes, limits: { timeout_ms: 6_000 } }];
  opened = await openServingHost(plugins, upstream.url, settings);
});
afterAll(async () => {
  await opened?.[Symbol.asyncDispose]();
  await upstream?.[Symbol.asyncDispose]();
});

async function post(body: object, headers: Record<string, string>) {
  const response = await fetch(`${opened.url}/mcp/main`, {
    ...{ method: 'POST', headers: { ...mcpHeaders, ...headers }, body: JSON.stringify(body) },
  });
  return { status: response.status, headers: response.headers, body: (await response.json()) as Posted['body'] };
}

async function callAs(headers: Record<string, string>, tool = 'echo') {
  const begun = await post(initialize(), headers);
  if (begun.status !== 200) return begun;
  return post(call(tool, {}), { ...headers, 'mcp-session-id': String(begun.headers.get('mcp-session-id')) });
}

const session = (value: string) => ({ 'x-session': value });
const lastRequest = () => opened.lines.findLast(({ msg }) => msg === 'request');

describe('an identity plugin', () => {
  it('[GW-205] says who calls, under the name of its scheme, with what the operator allows', async () => {
    expect((await callAs(session('ada'))).body.result).toBeDefined();
    expect(lastRequest()).toMatchObject({ subject: 'legacy:ada', tenant: 'acme' });
    // The plugin states the scope `admin` too.
    expect((await callAs(session('ada'), 'erase')).body.error.data).toMatchObject({ code: 'insufficient_scope' });
  });

  it('[GW-201] is not asked again about credentials that it has answered', async () => {
    await callAs(session('grace'));
    const before = opened.lines.length;
    await callAs(session('grace'));
    const hooks = opened.lines
      .slice(before)
      .flatMap(({ plugins }) => (plugins as { hook: string }[] | undefined) ?? []);
    expect(hooks.filter(({ hook }) => hook === 'identify')).toEqual([]);
    expect(hooks.filter(({ hook }) => hook === 'auth_post_check')).toHaveLength(2);
  });

  it.each([
    ['crash', 'trap'],
    ['loop', 'timeout'],
    ['odd', 'trap'],
    ['empty', 'invalid_output'],
    ['huge', 'invalid_output'],
    ['far', 'invalid_output'],
  ])('[GW-203] that should %s lets nobody in, not even as anonymous', async (value, reason) => {
    const { status, body } = await callAs(session(value));
    expect([status, body.error.data.code]).toEqual([503, 'identity_unavailable']);
    expect(lastRequest()).toMatchObject({
      code: 'identity_unavailable',
      details: { scheme: 'legacy', plugin: 'sessions', reason },
    });
    expect((await callAs(session('ada'))).status).toBe(200);
  });

  it('[GW-203] that does not know credentials leaves their sender refused, also where anonymous callers are served', async () => {
    expect((await callAs(session('stranger'))).body.error.data.code).toBe('credentials_refused');
    expect((await callAs(session(''))).body.error.data.code).toBe('credentials_refused');
  });

  it('[GW-202] that refuses credentials tells only the operator why', async () => {
    const { status, body } = await callAs(session('ended'));
    expect(status).toBe(401);
    expect(JSON.stringify(body)).not.toContain('ended');
    expect(JSON.stringify(body)).not.toContain('ENDED');
    const refusal = opened.lines.findLast(({ details }) => JSON.stringify(details ?? {}).includes('ENDED'));
    expect(refusal).toMatchObject({ details: { reason: 'refused_by_plugin', plugin: 'sessions' } });
  });

  it('[GW-207] can refuse requests before and after authentication, with a reason for the client', async () => {
    const early = await callAs({ authorization: 'Digest abc' });
    expect(early.status).toBe(403);
    expect(early.body.error.data).toMatchObject({
      ...{ code: 'authentication_blocked' },
      violation: { plugin: 'sessions', code: 'NO_DIGEST', description: '127.0.0.1 /mcp/main' },
    });
    const late = await callAs(session('mallory'));
    expect(late.body.error.data).toMatchObject({ violation: { code: 'NOT_YOU' } });
  });

  it('[GW-208] takes scopes away, and gives none', async () => {
    expect((await callAs(session('bob'))).body.error.data.code).toBe('insufficient_scope');
    expect((await callAs(session('eve'))).body.error.data.code).toBe('identity_unavailable');
  });

  it('[GW-209] is counted and audited like the other schemes', async () => {
    const text = await (await fetch(`${opened.url}/metrics`)).text();
    expect(text).toMatch(/sallyport_authentications_total\{scheme="legacy",outcome="accepted",reason=""\} \d/);
    expect(text).toMatch(/scheme="legacy",outcome="refused",reason="refused_by_plugin"\} 1/);
    expect(text).toMatch(/scheme="legacy",outcome="unavailable",reason="timeout"\} 1/);
    expect(text).toMatch(/scheme="legacy",outcome="blocked",reason="blocked_by_plugin"\} 1/);
    const audited = opened.lines.filter(({ msg }) => msg === 'audit').map(({ audit }) => audit as { details: object });
    expect(audited.map(({ details }) => (details as { reason: string }).reason)).toEqual(
      expect.arrayContaining(['refused_by_plugin', 'blocked_by_plugin', 'unknown']),
    );
    expect(text).toMatch(/sallyport_plugin_executions_total\{plugin="sessions",hook="identify",status="respond"\} \d/);
  });

  it('[GW-203] that is no longer loaded lets nobody in', async () => {
    await opened.host.replacePlugins([]);
    expect((await callAs(session('ada'))).body.error.data.code).toBe('identity_unavailable');
  });
});

it('[GW-209] an identity plugin is refused among transforms, and other plugins in `identity`', async () => {
  const bindings = [{ id: 'main', upstreams: ['upstream'], transforms: ['sessions'] }];
  await expect(openServingHost([{ id: 'sessions', bytes }], upstream.url, { bindings })).rejects.toMatchObject({
    faults: [{ code: 'plugin_misplaced', hint: 'move it from `transforms` to `identity`' }],
  });
  const transform = await jsGuest(
    guestDescriptor('sessions', { hooks: ['tool_pre_invoke'] }),
    `export const lifecycle = { configure() {} };
     export const dispatchHooks = { beforeDispatch: () => ({ tag: 'proceed' }), afterDispatch: () => ({ tag: 'proceed' }) };`,
  );
  await expect(openServingHost([{ id: 'sessions', bytes: transform }], upstream.url, settings)).rejects.toMatchObject({
    faults: [{ code: 'plugin_misplaced', hint: 'move it from `identity` to `transforms` of a binding' }],
  });
});
