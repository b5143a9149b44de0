import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { jsGuest } from '../fixtures/guest.ts';
import { guestDescriptor } from '../fixtures/guest-descriptor.ts';
import { call, initialize, mcpHeaders, type Posted, rpc } from '../fixtures/open-gateway.ts';
import { openHost } from '../fixtures/open-host.ts';
import { startRawHttpServer } from '../fixtures/raw-http-server.ts';

/** Decides by the name of the tool, and fails for some. */
const policyScript = `
const decide = ({ subject, method }, { val: { name, arguments: text } }) => {
  if (name === 'crash') throw new Error('this policy crashed');
  if (name === 'loop') while (true);
  if (name === 'odd') return { tag: 'perhaps' };
  if (name === 'hidden' || JSON.parse(text).amount > 100) {
    return { tag: 'deny', val: { code: 'NOT_HERE', reason: 'No.', description: (subject ?? 'nobody') + ' ' + method } };
  }
  return { tag: 'allow' };
};
export const lifecycle = { configure() {} };
export const policyCheck = {
  decide,
  decideMany: (context, requests) => requests.map(request => decide(context, request)),
};`;

/** Turns calls of `alias` into calls of a hidden tool, and answers `cached` itself. */
const transformScript = `
export const lifecycle = { configure() {} };
export const dispatchHooks = {
  beforeDispatch(context, request) {
    if (request.val.name === 'alias') return { tag: 'modified', val: { ...request, val: { ...request.val, name: 'hidden' } } };
    const content = [{ tag: 'text', val: 'from a cache' }];
    return request.val.name === 'hidden'
      ? { tag: 'respond', val: { tag: 'tool-result', val: { content, isError: false } } }
      : { tag: 'proceed' };
  },
  afterDispatch: () => ({ tag: 'proceed' }),
};`;

const tools = ['echo', 'hidden'].map(name => ({ name, inputSchema: { type: 'object' } }));
const failing = ['crash', 'loop', 'odd'].map(name => ({ name, inputSchema: { type: 'object' } }));

let server: Awaited<ReturnType<typeof startRawHttpServer>>;
let broken: Awaited<ReturnType<typeof startRawHttpServer>>;
let opened: Awaited<ReturnType<typeof openHost>>;
let policy: Uint8Array;
beforeAll(async () => {
  server = await startRawHttpServer({ results: { 'tools/list': { tools } } });
  broken = await startRawHttpServer({ results: { 'tools/list': { tools: [...tools, ...failing] } } });
  policy = await jsGuest(guestDescriptor('policy', { kind: 'policy', hooks: [] }), policyScript);
  const transform = await jsGuest(guestDescriptor('alias', { hooks: ['tool_pre_invoke'] }), transformScript);
  const trial = await jsGuest(guestDescriptor('trial', { kind: 'policy', hooks: [] }), policyScript);
  const plugins = [
    { id: 'policy', bytes: policy, limits: { timeout_ms: 6_000 } },
    { id: 'alias', bytes: transform },
    { id: 'trial', bytes: trial, mode: 'permissive' },
  ];
  opened = await openHost(plugins, server.url, {
    upstreams: [
      { id: 'upstream', http: { url: server.url } },
      { id: 'broken', http: { url: broken.url } },
    ],
    bindings: [
      { id: 'main', upstreams: ['upstream'], policies: ['policy'] },
      { id: 'aliased', upstreams: ['upstream'], transforms: ['alias'], policies: ['policy'] },
      { id: 'broken', upstreams: ['broken'], policies: ['policy'] },
      { id: 'trial', upstreams: ['broken'], policies: ['trial'], allow: [{ tools: ['hidden', 'crash'] }] },
    ],
  });
});
afterAll(async () => {
  await opened?.[Symbol.asyncDispose]();
  await server?.[Symbol.asyncDispose]();
  await broken?.[Symbol.asyncDispose]();
});

async function send(message: object, binding = 'main') {
  const post = async (body: object, headers = {}) => {
    const response = await fetch(`${opened.url}/mcp/${binding}`, {
      ...{ method: 'POST', headers: { ...mcpHeaders, ...headers }, body: JSON.stringify(body) },
    });
    return { headers: response.headers, body: (await response.json()) as Posted['body'] };
  };
  const { headers } = await post(initialize());
  return (await post(message, { 'mcp-session-id': String(headers.get('mcp-session-id')) })).body;
}

const received = () => server.bodies.filter(body => body.includes('tools/call'));

describe('a policy plugin', () => {
  it('[HOOK-150] allows and denies calls, by their arguments too, and the client gets its violation', async () => {
    expect((await send(call('echo', { text: 'hi' }))).result).toBeDefined();
    const before = received().length;
    for (const denied of [call('hidden'), call('echo', { amount: 101 })]) {
      expect((await send(denied)).error.data).toMatchObject({
        ...{ plugin: 'policy', code: 'NOT_HERE', description: 'nobody tools/call' },
      });
    }
    expect(received()).toHaveLength(before);
    const line = opened.lines.findLast(({ msg, method }) => msg === 'request' && method === 'tools/call');
    expect(line).toMatchObject({
      ...{ level: 40, code: 'plugin_blocked' },
      plugins: [{ plugin: 'policy', hook: 'policy_decide', outcome: 'block' }],
    });
  });

  it('[HOOK-152] hides from lists what it denies', async () => {
    expect((await send(rpc('tools/list'))).result.tools).toMatchObject([{ name: 'echo' }]);
  });

  it('[HOOK-153] decides about what transforms make of a request, and about what they answer', async () => {
    for (const name of ['alias', 'hidden']) {
      expect((await send(call(name), 'aliased')).error.data).toMatchObject({ plugin: 'policy', code: 'NOT_HERE' });
    }
  });

  it.each([
    ['crash', 'trap'],
    ['loop', 'timeout'],
    ['odd', 'trap'],
  ])('[HOOK-151] that fails for %s denies', async (name, cause) => {
    const { error } = await send(call(name), 'broken');
    expect(error.data).toMatchObject({ plugin: 'policy', code: 'plugin_failed', details: { cause } });
    expect((await send(call('echo', { text: 'hi' }), 'broken')).result).toBeDefined();
  });

  it('[HOOK-151] that fails for a list leaves its entries out', async () => {
    expect((await send(rpc('tools/list'), 'broken')).result.tools).toEqual([]);
  });

  it('[HOOK-154] in permissive mode denies and hides nothing, and the rules of its binding still do', async () => {
    for (const [name, recorded] of [
      ['hidden', { outcome: 'would_block', code: 'NOT_HERE', reason: 'No.' }],
      ['crash', { outcome: 'failed', cause: 'trap' }],
    ] as const) {
      // The upstream was asked, and answers itself.
      expect((await send(call(name), 'trial')).error.message).toBe(`no ${name}`);
      const line = opened.lines.findLast(({ msg, method }) => msg === 'request' && method === 'tools/call');
      expect(line).toMatchObject({ plugins: [{ plugin: 'trial', hook: 'policy_decide', ...recorded }] });
    }
    expect((await send(call('echo', { text: 'hi' }), 'trial')).error.data).toMatchObject({ code: 'access_denied' });
    const { tools: listed } = (await send(rpc('tools/list'), 'trial')).result;
    expect(listed.map(({ name }: { name: string }) => name)).toEqual(['hidden', 'crash']);
  });

  it('[HOOK-153] is refused among transforms', async () => {
    const bindings = [{ id: 'main', upstreams: ['upstream'], transforms: ['policy'] }];
    const misplaced = openHost([{ id: 'policy', bytes: policy }], server.url, { bindings });
    await expect(misplaced).rejects.toMatchObject({
      faults: [{ code: 'plugin_misplaced', hint: 'move it from `transforms` to `policies`' }],
    });
  });

  it('[HOOK-151] that is no longer loaded denies everything', async () => {
    await opened.host.replacePlugins([]);
    expect((await send(call('echo', { text: 'hi' }))).error.data).toMatchObject({
      plugin: 'policy',
      code: 'plugin_failed',
    });
    expect((await send(rpc('tools/list'))).result.tools).toEqual([]);
  });
});
