import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { JsonObject } from '../core/json.ts';
import { type Answer, errorAnswer, resultAnswer } from '../mcp/answer.ts';
import type { Notification } from '../mcp/message.ts';
import { createCatalogs, listAll } from './catalog.ts';
import { outputSchemaOf } from './tool-output-schema.ts';
import type { Upstream } from './upstream.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** An upstream that answers from a function; `asked` counts. */
function fakeUpstream(answer: (params: JsonObject, asked: number) => Answer | Promise<Answer>, listChanged = true) {
  const listeners = new Set<(notification: Notification) => void>();
  const upstream = {
    ...{ id: 'fake', ready: true, asked: 0 },
    listeningSince: Date.now() as number | undefined,
    serverInfo: { revision: '', implementation: {}, capabilities: { tools: { listChanged } } },
    start: async () => {},
    setLogLevel: async () => {},
    async request(_method: string, params: JsonObject = {}) {
      upstream.asked += 1;
      return answer(params, upstream.asked);
    },
    subscribe(listener: (notification: Notification) => void) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    say: (method: string) => {
      for (const listener of listeners) listener({ method });
    },
    [Symbol.asyncDispose]: async () => {},
  };
  return upstream satisfies Upstream;
}

const tool = (name: string, more: JsonObject = {}) => ({ name, ...more });
/** One tool, whose name shows how often the upstream was asked. */
const counted = (_: JsonObject, asked: number) => resultAnswer({ tools: [tool(`tool ${asked}`)] });
const openTools = (upstream: Upstream, withinMs = 3_000) => createCatalogs(upstream, withinMs)['tools/list'];
const minute = 60_000;

it('reads all pages', async () => {
  const upstream = fakeUpstream(({ cursor }) =>
    resultAnswer(cursor === undefined ? { tools: [tool('a')], nextCursor: '2' } : { tools: [tool('b')] }),
  );
  expect(await listAll(upstream, 'tools/list')).toEqual([tool('a'), tool('b')]);
});

it('does not read a list to its end that is too long for memory [UP-29]', async () => {
  const description = 'x'.repeat(20 * 1024 * 1024);
  const upstream = fakeUpstream((_, asked) => resultAnswer({ tools: [{ description }], nextCursor: `${asked}` }));
  await expect(listAll(upstream, 'tools/list')).rejects.toMatchObject({ code: 'upstream_too_large' });
  expect(upstream.asked).toBe(4);
});

it('takes a server that does not support the method to have no such list', async () => {
  const upstream = fakeUpstream(() => errorAnswer({ code: -32601, message: 'Method not found' }));
  expect(await listAll(upstream, 'resources/templates/list')).toEqual([]);
});

it.each([
  { what: 'has no end', answer: (_: JsonObject, asked: number) => resultAnswer({ tools: [], nextCursor: `${asked}` }) },
  { what: 'is an error', answer: () => errorAnswer({ code: -32603, message: 'no' }) },
  { what: 'has no list', answer: () => resultAnswer({}) },
])('refuses a list that $what', async ({ answer }) => {
  await expect(listAll(fakeUpstream(answer), 'tools/list')).rejects.toMatchObject({ code: 'upstream_garbage' });
});

it('keeps the list until the server reports a change, and keeps no failure [UP-15]', async () => {
  const upstream = fakeUpstream((params, asked) =>
    asked === 1 ? errorAnswer({ code: -32603, message: 'later' }) : counted(params, asked),
  );
  const catalog = openTools(upstream);
  await expect(catalog.items()).rejects.toThrow();
  expect(await catalog.items()).toEqual([tool('tool 2')]);
  vi.advanceTimersByTime(60 * minute);
  expect(await catalog.items()).toEqual([tool('tool 2')]);
  upstream.say('notifications/prompts/list_changed');
  expect(await catalog.items()).toEqual([tool('tool 2')]);
  upstream.say('notifications/tools/list_changed');
  expect(await catalog.items()).toEqual([tool('tool 3')]);
});

it.each([
  { what: 'does not announce changes', listChanged: false, listeningSince: 0 },
  { what: 'announces changes and has no stream to send them on', listChanged: true, listeningSince: undefined },
  { what: 'opened its stream after it was asked', listChanged: true, listeningSince: minute / 2 },
])('believes a server for a minute that $what [UP-17]', async ({ listChanged, listeningSince }) => {
  const upstream = fakeUpstream(counted, listChanged);
  upstream.listeningSince = listeningSince === undefined ? undefined : Date.now() + listeningSince;
  const catalog = openTools(upstream);
  expect(await catalog.items()).toEqual([tool('tool 1')]);
  vi.advanceTimersByTime(minute - 1);
  expect(await catalog.items()).toEqual([tool('tool 1')]);
  vi.advanceTimersByTime(1);
  expect(catalog.trusted).toBeUndefined();
  expect(await catalog.items()).toEqual([tool('tool 2')]);
});

it('does not take a list that was on its way for the one after the change', async () => {
  const { promise, resolve } = Promise.withResolvers<Answer>();
  const upstream = fakeUpstream((params, asked) => (asked === 1 ? promise : counted(params, asked)));
  const catalog = openTools(upstream);
  const first = catalog.items();
  upstream.say('notifications/tools/list_changed');
  resolve(resultAnswer({ tools: [tool('before')] }));
  expect(await first).toEqual([tool('before')]);
  expect(await catalog.items()).toEqual([tool('tool 2')]);
});

it('gives up waiting for a late list, names the setting, and learns the list when it comes [UP-18]', async () => {
  const { promise, resolve } = Promise.withResolvers<Answer>();
  const upstream = fakeUpstream(() => promise);
  const catalog = openTools(upstream);
  const waited = expect(catalog.fresh()).rejects.toMatchObject({
    code: 'upstream_timeout',
    details: { upstream: 'fake', method: 'tools/list', after_ms: 3_000, setting: 'limits.list_ms' },
  });
  await vi.advanceTimersByTimeAsync(3_000);
  await waited;
  // The next caller does not wait again for the same answer.
  const next = expect(catalog.fresh()).rejects.toMatchObject({ code: 'upstream_timeout' });
  await vi.advanceTimersByTimeAsync(0);
  await next;
  expect(upstream.asked).toBe(1);
  resolve(resultAnswer({ tools: [tool('late')] }));
  await vi.advanceTimersByTimeAsync(0);
  expect(catalog.trusted).toEqual([tool('late')]);
});

it('does not wait again for an upstream that is late with another list', async () => {
  const catalogs = createCatalogs(
    fakeUpstream(() => new Promise(() => {})),
    3_000,
  );
  const [tools, prompts] = [catalogs['tools/list'].fresh(), catalogs['prompts/list']];
  const waited = expect(tools).rejects.toThrow();
  expect(catalogs.lateFault).toBeUndefined();
  await vi.advanceTimersByTimeAsync(3_000);
  await waited;
  expect(catalogs.lateFault).toMatchObject({ code: 'upstream_timeout', details: { method: 'tools/list' } });
  const next = expect(prompts.fresh()).rejects.toThrow();
  await vi.advanceTimersByTimeAsync(300);
  await next;
});

it('uses the last list instead of one that does not arrive', async () => {
  const upstream = fakeUpstream((params, asked) => (asked === 1 ? counted(params, asked) : new Promise(() => {})));
  const catalog = openTools(upstream);
  await catalog.items();
  upstream.say('notifications/tools/list_changed');
  const items = catalog.items();
  await vi.advanceTimersByTimeAsync(3_000);
  expect(await items).toEqual([tool('tool 1')]);
});

it('learns from lists and pages that pass by [UP-17]', async () => {
  const upstream = fakeUpstream(() => resultAnswer({ tools: [tool('a', { v: 1 }), tool('b', { v: 1 })] }));
  const catalog = openTools(upstream);
  await catalog.items();
  catalog.observe()([tool('b', { v: 2 }), tool('c', { v: 2 })], false);
  expect(await catalog.items()).toEqual([tool('a', { v: 1 }), tool('b', { v: 2 }), tool('c', { v: 2 })]);
  catalog.observe()([tool('d')], true);
  expect([catalog.lastItem('a'), catalog.lastItem('d')]).toEqual([undefined, tool('d')]);
  const late = catalog.observe();
  upstream.say('notifications/tools/list_changed');
  late([tool('e')], true);
  expect(catalog.trusted).toBeUndefined();
});

it('knows the output schemas', async () => {
  const outputSchema = { type: 'object' };
  const upstream = fakeUpstream(() => resultAnswer({ tools: [tool('with', { outputSchema }), tool('without')] }));
  const catalog = openTools(upstream);
  expect(await outputSchemaOf(catalog, 'with', false)).toEqual(outputSchema);
  expect(await outputSchemaOf(catalog, 'without', false)).toBeUndefined();
  expect(await outputSchemaOf(catalog, 'unknown', false)).toBeUndefined();
  expect(await outputSchemaOf(catalog, 'with', true)).toEqual(outputSchema);
  expect(upstream.asked).toBe(1);
});

it('asks again for an output schema that may have changed unheard', async () => {
  const upstream = fakeUpstream((_, asked) =>
    resultAnswer({ tools: [tool('a', { outputSchema: { required: [`v${asked}`] } })] }),
  );
  upstream.listeningSince = undefined;
  const catalog = openTools(upstream);
  expect(await outputSchemaOf(catalog, 'a', false)).toEqual({ required: ['v1'] });
  vi.advanceTimersByTime(10);
  expect(await outputSchemaOf(catalog, 'a', false)).toEqual({ required: ['v1'] });
  expect(await outputSchemaOf(catalog, 'a', true)).toEqual({ required: ['v2'] });
});
