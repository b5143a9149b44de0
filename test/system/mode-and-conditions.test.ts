import { afterAll, beforeAll, expect, it } from 'vitest';
import { jsGuest } from '../fixtures/guest.ts';
import { guestDescriptor } from '../fixtures/guest-descriptor.ts';
import { openHost } from '../fixtures/open-host.ts';
import { startRawHttpServer } from '../fixtures/raw-http-server.ts';

/** Blocks every call. */
const script = `
export const lifecycle = { configure() {} };
export const dispatchHooks = {
  beforeDispatch: () => ({ tag: 'block', val: { code: 'NO', reason: 'No.', description: 'Not today.' } }),
  afterDispatch: () => ({ tag: 'proceed' }),
};`;

let guard: Uint8Array;
const opened: AsyncDisposable[] = [];
beforeAll(async () => {
  guard = await jsGuest({ ...guestDescriptor('guard'), hooks: ['tool_pre_invoke'] }, script);
});
afterAll(async () => {
  for (const each of opened.toReversed()) await each[Symbol.asyncDispose]();
});

async function open(settings: object) {
  const server = await startRawHttpServer({});
  opened.push(server);
  const plugins = [{ id: 'guard', bytes: guard, limits: { timeout_ms: 5000 }, ...settings }];
  const host = await openHost(plugins, server.url);
  opened.push(host);
  const isBlocked = await host.call('echo', { text: 'a' }).then(
    () => false,
    error => String(error).includes('plugin_blocked') || error.data?.plugin === 'guard',
  );
  const line = host.lines.findLast(({ msg, method }) => msg === 'request' && method === 'tools/call');
  return { isBlocked, plugins: line?.plugins, host };
}

it.each<{ what: string; settings: object; isBlocked: boolean; plugins: unknown }>([
  { what: 'enforces its blocks', settings: {}, isBlocked: true, plugins: [{ plugin: 'guard', outcome: 'block' }] },
  {
    what: 'permissive records its blocks',
    settings: { mode: 'permissive' },
    isBlocked: false,
    plugins: [{ plugin: 'guard', outcome: 'would_block', code: 'NO', reason: 'No.' }],
  },
  { what: 'disabled is not called', settings: { mode: 'disabled' }, isBlocked: false, plugins: [] },
])('[HOOK-95] a plugin that $what', async ({ settings, isBlocked, plugins }) => {
  expect(await open(settings)).toMatchObject({ isBlocked, plugins });
});

it.each<{ what: string; conditions: readonly object[]; isBlocked: boolean }>([
  { what: 'its tool', conditions: [{ tools: ['ec*'] }], isBlocked: true },
  { what: 'another tool', conditions: [{ tools: ['other'] }], isBlocked: false },
  { what: 'its upstream', conditions: [{ tools: ['other'] }, { upstreams: ['upstream'] }], isBlocked: true },
  { what: 'a tenant', conditions: [{ tenants: ['acme'] }], isBlocked: false },
])('[HOOK-94] a plugin with a condition on $what', async ({ conditions, isBlocked }) => {
  expect(await open({ conditions })).toMatchObject({
    isBlocked,
    plugins: isBlocked ? [{ plugin: 'guard', outcome: 'block' }] : [],
  });
});

it('[HOOK-110] a condition on a tool that the upstream does not list is named in the log when it has listed its tools', async () => {
  const { host } = await open({ conditions: [{ tools: ['ecko'] }, { tools: ['echo'] }] });
  const warnings = () => host.lines.filter(({ field }) => field === 'tools');
  expect(warnings()).toEqual([]);
  await host.client.listTools();
  await host.client.listTools();
  expect(warnings()).toMatchObject([{ plugin: 'guard', binding: 'main', names: ['ecko'] }]);
});
