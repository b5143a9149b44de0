import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { jsGuest, loopingScript, watGuest } from '../fixtures/guest.ts';
import { guestDescriptor } from '../fixtures/guest-descriptor.ts';
import { openHost } from '../fixtures/open-host.ts';
import { type RawHttpServer, startRawHttpServer } from '../fixtures/raw-http-server.ts';

/** Misbehaves as the argument `attack` of a call to `echo` says, before or after the upstream. */
const hostile = `
export const lifecycle = { configure() {} };
const change = (request, args) => ({ tag: 'modified', val: { tag: request.tag, val: { ...request.val, arguments: args } } });
const befores = {
  'not JSON': request => change(request, '{"text": '),
  'not an object': request => change(request, '[1]'),
  'lone surrogate': request => change(request, '"\\\\ud800"'),
  'another kind': () => ({ tag: 'modified', val: { tag: 'resource-read', val: { uri: 'file:///etc/passwd' } } }),
  'megabytes of log': () => { for (let i = 0; i < 3000; i += 1) console.log('y'.repeat(1000)); return { tag: 'proceed' }; },
  'stack overflow': () => { const dive = () => dive() + 1; return dive(); },
  'memory bomb': () => { const all = []; for (;;) all.push(new Uint8Array(1000000).fill(1)); },
  'endless loop': () => { for (;;); },
  'declared error': () => { throw 'I give up'; },
  'prototype': request => change(request, '{"text":"fine","__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}'),
  'block': () => ({ tag: 'block', val: { code: 'BLOCKED', reason: 'because', description: 'I say so', details: '{"why":[1,2]}' } }),
  'respond': () => ({ tag: 'respond', val: { tag: 'tool-result', val: { content: [{ tag: 'text', val: 'from the cache' }], isError: false } } }),
};
const afters = {
  'forged opaque': ({ val }) => ({ tag: 'modified', val: { tag: 'tool-result', val: { ...val, content: [{ tag: 'opaque', val: 7 }] } } }),
  'bad structure': ({ val }) => ({ tag: 'modified', val: { tag: 'tool-result', val: { ...val, structuredContent: '{' } } }),
  'broken schema': ({ val }) => ({ tag: 'modified', val: { tag: 'tool-result', val: { ...val, structuredContent: '{"big":"small"}' } } }),
  'deep nesting': ({ val }) => ({ tag: 'modified', val: { tag: 'tool-result', val: { ...val, structuredContent: '{"a":'.repeat(10000) + '1' + '}'.repeat(10000) } } }),
};
let asked = '';
export const dispatchHooks = {
  beforeDispatch(context, request) {
    asked = JSON.parse(request.val.arguments).attack ?? '';
    return befores[asked]?.(request) ?? { tag: 'proceed' };
  },
  afterDispatch: (context, response) => afters[asked]?.(response) ?? { tag: 'proceed' },
};
`;

const denied = (cause: string) => ({
  code: -32001,
  data: { plugin: 'hostile', code: 'plugin_failed', details: { cause } },
});

describe('a hostile plugin behind a serving gateway', () => {
  let upstream: RawHttpServer;
  let gateway: Awaited<ReturnType<typeof openHost>>;
  beforeAll(async () => {
    upstream = await startRawHttpServer({ name: 'upstream' });
    const hooks = ['tool_pre_invoke', 'tool_post_invoke'];
    const plugins = [
      {
        id: 'hostile',
        bytes: await jsGuest(guestDescriptor('hostile', { hooks }), hostile),
        limits: { memory_mib: 16, timeout_ms: 6000 },
      },
      { id: 'traps', bytes: await watGuest(guestDescriptor('traps'), { before: 'unreachable' }), on_error: 'ignore' },
    ];
    gateway = await openHost(plugins, upstream.url);
  });
  afterAll(async () => {
    await gateway?.[Symbol.asyncDispose]();
    await upstream?.[Symbol.asyncDispose]();
  });

  const honest = async () => {
    const { content } = await gateway.call('echo', { text: 'still here' });
    expect(content).toEqual([{ type: 'text', text: 'still here' }]);
  };

  it.each([
    { attack: 'not JSON', tool: 'echo', error: denied('invalid_output') },
    { attack: 'not an object', tool: 'echo', error: denied('invalid_output') },
    { attack: 'lone surrogate', tool: 'echo', error: denied('invalid_output') },
    { attack: 'another kind', tool: 'echo', error: denied('invalid_output') },
    { attack: 'forged opaque', tool: 'echo', error: denied('invalid_output') },
    { attack: 'bad structure', tool: 'odd', error: denied('invalid_output') },
    { attack: 'broken schema', tool: 'odd', error: denied('invalid_output') },
    { attack: 'deep nesting', tool: 'odd', error: denied('invalid_output') },
    { attack: 'declared error', tool: 'echo', error: denied('trap') },
    { attack: 'endless loop', tool: 'echo', error: denied('timeout') },
    {
      attack: 'stack overflow',
      tool: 'echo',
      error: { code: -32001, data: { plugin: 'hostile', code: 'plugin_failed' } },
    },
    {
      attack: 'memory bomb',
      tool: 'echo',
      error: { code: -32001, data: { plugin: 'hostile', code: 'plugin_failed' } },
    },
    {
      attack: 'block',
      tool: 'echo',
      error: {
        code: -32001,
        data: {
          plugin: 'hostile',
          code: 'BLOCKED',
          reason: 'because',
          description: 'I say so',
          details: { why: [1, 2] },
        },
      },
    },
  ])(
    '[HOOK-20] that answers with $attack is denied, and the next request succeeds',
    async ({ attack, tool, error }) => {
      await expect(gateway.call(tool, { attack })).rejects.toMatchObject(error);
      await honest();
    },
  );

  it('[HOOK-20] that responds takes the place of the upstream', async () => {
    const before = upstream.raw.seen.length;
    const { content } = await gateway.call('echo', { attack: 'respond' });
    expect(content).toEqual([{ type: 'text', text: 'from the cache' }]);
    expect(upstream.raw.seen).toHaveLength(before);
  });

  it('[HOOK-20] that responds with what breaks the tool’s output schema is denied, also when no hook follows', async () => {
    const bytes = await jsGuest(
      guestDescriptor('answers', { hooks: ['tool_pre_invoke'] }),
      hostile.replace('asked = JSON', "if (request.val.name === 'odd') return befores.respond(); asked = JSON"),
    );
    await using other = await openHost([{ id: 'answers', bytes }], upstream.url);
    await expect(other.call('odd')).rejects.toMatchObject({
      data: { plugin: 'answers', details: { cause: 'invalid_output' } },
    });
    expect((await other.call('echo', { text: 'fine' })).content).toEqual([{ type: 'text', text: 'fine' }]);
  });

  it('[HOOK-20] cannot pollute prototypes by the JSON that it returns', async () => {
    await gateway.call('echo', { attack: 'prototype' });
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
    await honest();
  });

  it('[HOOK-20] that floods the log leaves a bounded number of lines', async () => {
    const before = gateway.lines.length;
    await gateway.call('echo', { attack: 'megabytes of log' });
    const more = gateway.lines.slice(before).filter(line => line.plugin === 'hostile');
    expect(more.length).toBeLessThan(110);
    await honest();
  });

  it('[HOOK-21] whose failure is to be ignored is passed over, and told of in the line of the request', async () => {
    await honest();
    const line = gateway.lines.findLast(each => each.msg === 'request' && each.method === 'tools/call');
    expect(line?.plugins).toContainEqual(expect.objectContaining({ plugin: 'traps', outcome: 'failed' }));
  });
});

describe('a plugin that loops on every fifth request', () => {
  it('[HOOK-22] fails no other request', async () => {
    await using upstream = await startRawHttpServer({ name: 'upstream' });
    const bytes = await jsGuest(guestDescriptor('loops'), loopingScript);
    await using gateway = await openHost([{ id: 'loops', bytes, limits: { timeout_ms: 2_000 } }], upstream.url);
    const results = await Promise.allSettled(
      Array.from({ length: 30 }, (_, n) => gateway.call('echo', { text: String(n), loop: n % 5 === 0 })),
    );
    for (const [n, result] of results.entries()) {
      if (n % 5 === 0)
        expect(result).toMatchObject({ reason: { data: { plugin: 'loops', details: { cause: 'timeout' } } } });
      else expect(result).toMatchObject({ value: { content: [{ text: String(n) }] } });
    }
  });
});
