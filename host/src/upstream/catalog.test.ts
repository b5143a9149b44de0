import { expect, it } from 'vitest';
import type { JsonObject } from '../core/json.ts';
import { type Answer, errorAnswer, resultAnswer } from './answer.ts';
import { createCatalog, listAll } from './catalog.ts';
import { createToolCatalog } from './tool-catalog.ts';
import type { Notification, Upstream } from './upstream.ts';

/** An upstream that answers from a function; `asked` counts. */
function fakeUpstream(answer: (params: JsonObject, asked: number) => Answer, listChanged = true) {
  const listeners = new Set<(notification: Notification) => void>();
  const upstream = {
    ...{ id: 'fake', ready: true, asked: 0 },
    initialized: { protocolVersion: '', serverInfo: {}, capabilities: { tools: { listChanged } } },
    start: async () => {},
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

it('reads all pages', async () => {
  const upstream = fakeUpstream(({ cursor }) =>
    resultAnswer(cursor === undefined ? { tools: [tool('a')], nextCursor: '2' } : { tools: [tool('b')] }),
  );
  expect(await listAll(upstream, 'tools/list')).toEqual([tool('a'), tool('b')]);
});

it.each([
  { what: 'has no end', answer: (_: JsonObject, asked: number) => resultAnswer({ tools: [], nextCursor: `${asked}` }) },
  { what: 'is an error', answer: () => errorAnswer({ code: -32601, message: 'no' }) },
  { what: 'has no list', answer: () => resultAnswer({}) },
])('refuses a list that $what', async ({ answer }) => {
  await expect(listAll(fakeUpstream(answer), 'tools/list')).rejects.toMatchObject({ code: 'upstream_garbage' });
});

it('remembers the list until the server says that it changed, and no failure [UP-15]', async () => {
  const upstream = fakeUpstream((_, asked) =>
    asked === 1 ? errorAnswer({ code: -32603, message: 'later' }) : resultAnswer({ tools: [tool(`tool ${asked}`)] }),
  );
  using catalog = createCatalog(upstream, 'tools/list');
  await expect(catalog.items()).rejects.toThrow();
  expect(await catalog.items()).toEqual([tool('tool 2')]);
  expect(await catalog.items()).toEqual([tool('tool 2')]);
  upstream.say('notifications/prompts/list_changed');
  expect(await catalog.items()).toEqual([tool('tool 2')]);
  upstream.say('notifications/tools/list_changed');
  expect(await catalog.items()).toEqual([tool('tool 3')]);
});

it('knows the output schemas', async () => {
  const outputSchema = { type: 'object' };
  const upstream = fakeUpstream(() => resultAnswer({ tools: [tool('with', { outputSchema }), tool('without')] }));
  using tools = createToolCatalog(upstream);
  expect(await tools.outputSchema('with')).toEqual(outputSchema);
  expect(await tools.outputSchema('without')).toBeUndefined();
  expect(await tools.outputSchema('unknown')).toBeUndefined();
  expect(upstream.asked).toBe(1);
});
