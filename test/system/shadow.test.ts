import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { jsGuest } from '../fixtures/guest.ts';
import { guestDescriptor } from '../fixtures/guest-descriptor.ts';
import { initialize, mcpHeaders, rpc } from '../fixtures/open-gateway.ts';
import { openHost } from '../fixtures/open-host.ts';
import { startRawHttpServer } from '../fixtures/raw-http-server.ts';

const from = (name: string) => `'sallyport:plugin/${name}@0.1.0'`;

/** Uses every capability with an effect, changes every result, and blocks calls with what it got. */
const script = `
import * as kv from ${from('kv-store')};
import * as secrets from ${from('secret-store')};
import { send } from ${from('outbound-http')};
import { call } from ${from('tool-call')};
import { count } from ${from('metrics')};
import { write } from ${from('audit')};
import { set } from ${from('upstream-headers')};
const attempt = use => { try { return String(use()); } catch (error) { return error.payload?.tag ?? String(error); } };
export const lifecycle = { configure() {} };
export const dispatchHooks = {
  beforeDispatch(context, request) {
    if (request.tag !== 'tool-call') return { tag: 'block', val: { code: 'NO', reason: 'No.', description: '' } };
    if (JSON.parse(request.val.arguments).text === 'loop') for (;;);
    count('seen', [], 1);
    write('seen', '{}');
    set('x-team', 'shadow');
    const got = {
      kv: attempt(() => kv.increment('calls', 1n)),
      secret: attempt(() => secrets.get('word')),
      http: attempt(() => send({ method: 'GET', url: 'https://api.example.com/', headers: [] })),
      tool: attempt(() => call('echo', '{}').content.length),
    };
    return { tag: 'block', val: { code: 'NO', reason: JSON.stringify(got), description: '' } };
  },
  afterDispatch(context, response) {
    if (response.tag !== 'tool-result') return { tag: 'block', val: { code: 'NO', reason: 'No.', description: '' } };
    return { tag: 'modified', val: { ...response, val: { ...response.val, content: [{ tag: 'text', val: 'changed' }] } } };
  },
};`;

/** Loops or proceeds, without capabilities, so that it runs in a lane with others. */
const looping = `
export const lifecycle = { configure() {} };
export const dispatchHooks = {
  beforeDispatch() { for (;;); },
  afterDispatch: () => ({ tag: 'proceed' }),
};`;

const capabilities = [
  ...['kv_store', 'secret_store', 'outbound_http', 'tool_call', 'metrics', 'audit', 'upstream_headers'],
];
const everyHook = [
  ...['tool_pre_invoke', 'tool_post_invoke', 'prompt_pre_fetch', 'prompt_post_fetch'],
  ...['resource_pre_fetch', 'resource_post_fetch', 'tool_list', 'prompt_list', 'resource_list'],
];
const grants = {
  kv_store: {},
  secret_store: { names: ['word'] },
  outbound_http: { allow: ['https://api.example.com'] },
  tool_call: { tools: ['echo'] },
  metrics: {},
  audit: {},
  upstream_headers: { names: ['x-team'] },
};

let busybody: Uint8Array;
let looper: Uint8Array;
const opened = new AsyncDisposableStack();
beforeAll(async () => {
  process.env.SALLYPORT_SHADOW_WORD = 'open sesame';
  const asks = { required_capabilities: capabilities, hooks: everyHook };
  busybody = await jsGuest(guestDescriptor('busybody', asks), script);
  looper = await jsGuest(guestDescriptor('looper'), looping);
}, 300_000);
afterAll(() => opened.disposeAsync());

type Plugins = Parameters<typeof openHost>[0];

/** A gateway, and a client that reads the bytes of its answers. */
async function open(plugins: Plugins) {
  const upstream = opened.use(await startRawHttpServer({}));
  const secrets = [{ name: 'word', env: 'SALLYPORT_SHADOW_WORD' }];
  const host = opened.use(await openHost(plugins, upstream.url, { secrets }));
  const post = async (message: object, headers: object = {}) => {
    const body = JSON.stringify(message);
    const response = await fetch(`${host.url}/mcp`, { method: 'POST', headers: { ...mcpHeaders, ...headers }, body });
    return { text: await response.text(), headers: response.headers, status: response.status };
  };
  const session = (await post(initialize())).headers.get('mcp-session-id') ?? '';
  const ask = async (method: string, params: object = {}) => {
    const { status, text, headers } = await post(rpc(method, params, 7), { 'mcp-session-id': session });
    return { status, text, type: headers.get('content-type') };
  };
  const shadowCalls = () => host.lines.filter(({ msg }) => msg === 'shadow call');
  const metrics = async () => (await fetch(`${host.url}/metrics`)).text();
  return { host, upstream, ask, shadowCalls, metrics };
}

const requests: readonly (readonly [string, object])[] = [
  ['tools/call', { name: 'odd', arguments: { text: 'a' } }],
  ['tools/call', { name: 'echo', arguments: { text: 'a' } }],
  ['tools/list', {}],
  ['prompts/list', {}],
  ['prompts/get', { name: 'greet' }],
  ['resources/list', {}],
  ['resources/templates/list', {}],
  ['resources/read', { uri: 'raw://http/fixed' }],
];

describe('a plugin in shadow', () => {
  it('[HOOK-106] leaves every byte of every answer and of every request to the upstream as it is', async () => {
    const without = await open([]);
    const withShadow = await open([{ id: 'busybody', bytes: busybody, mode: 'shadow', grants }]);
    for (const [method, params] of requests) {
      const expected = await without.ask(method, params);
      expect(await withShadow.ask(method, params), method).toEqual(expected);
      expect(expected.status, method).toBe(200);
    }
    const sent = ({ upstream }: typeof without) =>
      upstream.bodies
        .map(body => JSON.parse(body))
        .filter(({ method }) => requests.some(([asked]) => asked === method));
    const unnumbered = (messages: readonly object[]) => messages.map(message => ({ ...message, id: 0 }));
    expect(unnumbered(sent(withShadow))).toEqual(unnumbered(sent(without)));
    await expect.poll(() => withShadow.shadowCalls().length).toBe(12);
    const outcomes = withShadow.shadowCalls().map(({ hook, outcome }) => `${hook} ${outcome}`);
    expect(new Set(outcomes)).toEqual(
      new Set([
        ...['tool_pre_invoke would_block', 'tool_post_invoke would_modify', 'prompt_pre_fetch would_block'],
        ...['prompt_post_fetch would_block', 'resource_pre_fetch would_block', 'resource_post_fetch would_block'],
        ...['tool_list would_block', 'prompt_list would_block', 'resource_list would_block'],
      ]),
    );
  });

  it('[HOOK-101] has no effect: writes are discarded, and secrets, requests and tool calls are refused', async () => {
    const { host, upstream, ask, shadowCalls, metrics } = await open([
      { id: 'busybody', bytes: busybody, mode: 'shadow', grants },
    ]);
    await ask('tools/call', { name: 'surroundings' });
    await expect.poll(() => shadowCalls().length).toBe(2);
    const got = shadowCalls().find(({ outcome }) => outcome === 'would_block')?.reason;
    expect(JSON.parse(String(got))).toEqual({ kv: '1', secret: 'denied', http: 'denied', tool: 'denied' });
    const audited = host.lines.flatMap(({ msg, audit }) => (msg === 'audit' ? [audit] : []));
    expect(audited).toEqual(
      ['secret_store', 'outbound_http', 'tool_call'].map(capability =>
        expect.objectContaining({
          ...{ event: 'capability.refused', plugin: 'busybody', capability },
          details: { what: expect.stringContaining('cannot be used in shadow'), reason: 'shadow' },
        }),
      ),
    );
    const text = await metrics();
    expect(text).toContain(
      'sallyport_capability_refusals_total{plugin="busybody",capability="secret_store",reason="shadow"} 1',
    );
    expect(text).not.toContain('plugin_seen_total');
    expect(text).not.toContain('sallyport_plugin_executions_total{');
    expect(upstream.raw.seen.filter(({ method }) => method === 'tools/call')).toHaveLength(1);
    expect(JSON.stringify(host.lines)).not.toContain('open sesame');
  });

  it('[HOOK-105] that loops is stopped like any other, and no request waits for it', async () => {
    const limits = { timeout_ms: 8_000 };
    const { host, ask, shadowCalls } = await open([{ id: 'looper', bytes: looper, mode: 'shadow', limits }]);
    const began = performance.now();
    for (let request = 0; request < 10; request += 1) {
      expect(await ask('tools/call', { name: 'echo', arguments: { text: 'a' } })).toMatchObject({ status: 200 });
    }
    expect(performance.now() - began).toBeLessThan(8_000);
    await expect.poll(() => shadowCalls().length).toBeGreaterThan(0);
    expect(shadowCalls()[0]).toMatchObject({ plugin: 'looper', outcome: 'timeout' });
    expect(host.lines.filter(({ method }) => method === 'tools/call').every(({ status }) => status === 200)).toBe(true);
  });
});
