/** Plugins of a running gateway whose configuration is replaced. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Config, Host } from '@sallyport/host';
import { describe, expect, it } from 'vitest';
import { jsGuest } from '../fixtures/guest.ts';
import { guestDescriptor } from '../fixtures/guest-descriptor.ts';
import { keep } from '../fixtures/keep.ts';
import { openHost } from '../fixtures/open-host.ts';
import { startRawHttpServer } from '../fixtures/raw-http-server.ts';
import { temporaryFolder } from '../fixtures/temporary-folder.ts';
import { until } from '../fixtures/until.ts';

/** Answers with the number of its calls since it was started, and since it first kept one. It fails if it is asked to. */
const counting = `
import { increment } from 'sallyport:plugin/kv-store@0.1.0';
let calls = 0;
export const lifecycle = { configure() {} };
export const dispatchHooks = {
  beforeDispatch(_context, request) {
    if (JSON.parse(request.val.arguments).fail) throw new Error('as asked');
    calls += 1;
    const text = JSON.stringify({ calls, kept: Number(increment('calls', 1, undefined)) });
    return { tag: 'respond', val: { tag: 'tool-result', val: { content: [{ tag: 'text', val: text }], isError: false } } };
  },
  afterDispatch: () => ({ tag: 'proceed' }),
};`;

type Plugin = Config['plugins'][number];

/** A gateway with the plugin, and how often it says that it was called. */
async function open(more: Record<string, unknown> = {}, plugin: Record<string, unknown> = {}) {
  const bytes = await jsGuest(
    guestDescriptor('counts', {
      required_capabilities: ['kv_store'],
      optional_capabilities: ['secret_store', 'metrics'],
    }),
    counting,
  );
  const upstream = await keep(startRawHttpServer({ name: 'upstream' }));
  const opened = await keep(
    openHost([{ id: 'counts', bytes, grants: { kv_store: {} }, ...plugin }], upstream.url, {
      kv: { store: 'memory' },
      ...more,
      limits: { lanes: 1, ...(more.limits as object | undefined) },
    }),
  );
  const count = async (): Promise<{ calls: number; kept: number }> => {
    const { content } = (await opened.call('echo')) as { content: { text: string }[] };
    return JSON.parse(content[0]?.text ?? '');
  };
  /** Changes the entry of the plugin. */
  const change = (changed: Partial<Plugin>) =>
    opened.host.reload(config => ({ ...config, plugins: config.plugins.map(each => ({ ...each, ...changed })) }));
  return { ...opened, count, change };
}

describe('a plugin of which a reload changes', () => {
  const kept: readonly (readonly [what: string, changed: Partial<Plugin>])[] = [
    ['nothing', {}],
    ['the priority', { priority: 7 }],
    ['the mode', { mode: 'permissive' }],
    ['the conditions', { conditions: [{ bindings: ['main'] }] as unknown as Plugin['conditions'] }],
    ['the breaker', { breaker: { failures: 3, open_ms: 1_000 } }],
    ['the tags', { tags: ['a'] }],
  ];
  it('[RUN-151] what does not concern its lanes keeps them, with its instances', async () => {
    const { count, change } = await open();
    expect(await count()).toEqual({ calls: 1, kept: 1 });
    for (const [place, [what, changed]] of kept.entries()) {
      await change(changed);
      expect([what, await count()]).toEqual([what, { calls: place + 2, kept: place + 2 }]);
    }
  });

  const renewed: readonly (readonly [what: string, changed: Partial<Plugin>])[] = [
    ['the configuration', { config: { other: true } }],
    ['the grants', { grants: { kv_store: {}, metrics: {} } }],
    ['the limits', { limits: { timeout_ms: 19_000 } as Plugin['limits'] }],
    ['the isolation', { isolation: 'fresh' }],
  ];
  it.each(renewed)('[RUN-151] %s is started again, and its values stay', async (_what, changed) => {
    const { count, change } = await open();
    expect(await count()).toEqual({ calls: 1, kept: 1 });
    await change(changed);
    expect(await count()).toEqual({ calls: 1, kept: 2 });
  });

  it('[RUN-151] the value of a secret that it may use is started again', async () => {
    const file = join(await temporaryFolder(), 'token');
    await writeFile(file, 'first-value');
    const { count, change } = await open(
      { secrets: [{ name: 'token', file }] },
      { grants: { kv_store: {}, secret_store: { names: ['token'] } } },
    );
    await count();
    await change({});
    expect(await count()).toEqual({ calls: 2, kept: 2 });
    await writeFile(file, 'second-value');
    await change({});
    expect(await count()).toEqual({ calls: 1, kept: 3 });
  });
});

const stateOf = async (host: Host) => {
  const asked = new Request('http://localhost/readyz?verbose');
  const { plugins } = (await (await host.fetch(asked, { remoteAddress: '127.0.0.1' })).json()) as {
    plugins: { plugin: string; state: string }[];
  };
  return plugins.map(({ state }) => state);
};

it('[RUN-151] a plugin stays held back over a reload, until it is another one', async () => {
  const breaker = { failures: 1, open_ms: 600_000 };
  const { host, call, change } = await open({}, { breaker });
  await expect(call('echo', { fail: true })).rejects.toThrow();
  expect(await stateOf(host)).toEqual(['held_back']);
  await change({ priority: 3 });
  expect(await stateOf(host)).toEqual(['held_back']);
  await change({ config: { other: true } });
  expect(await stateOf(host)).toEqual([]);
});

it('[RUN-154] the result of a request passes the plugins that it began with', async () => {
  const marking = `
export const lifecycle = { configure() {} };
export const dispatchHooks = {
  beforeDispatch: () => ({ tag: 'proceed' }),
  afterDispatch: (_context, response) => ({
    tag: 'modified',
    val: { ...response, val: { ...response.val, content: [{ tag: 'text', val: 'marked' }] } },
  }),
};`;
  const bytes = await jsGuest(guestDescriptor('marks'), marking);
  const held = Promise.withResolvers<void>();
  let isHeld = false;
  const upstream = await keep(
    startRawHttpServer({
      answer(message, response) {
        if (message.method !== 'tools/call' || message.params?.name !== 'count') return false;
        isHeld = true;
        const result = { content: [{ type: 'text', text: 'plain' }] };
        void held.promise.then(() => {
          response.writeHead(200, { 'content-type': 'application/json' });
          response.end(JSON.stringify({ jsonrpc: '2.0', id: message.id, result }));
        });
        return true;
      },
    }),
  );
  const { host, call } = await keep(openHost([{ id: 'marks', bytes }], upstream.url));
  const running = call('count');
  await until(() => isHeld);
  await host.reload(config => ({
    ...config,
    plugins: [],
    bindings: config.bindings.map(each => ({ ...each, transforms: [] })),
  }));
  expect(host.plugins).toEqual([]);
  expect((await call('echo', { text: 'hi' })).content).toMatchObject([{ text: 'hi' }]);
  held.resolve();
  expect((await running).content).toMatchObject([{ text: 'marked' }]);
});
