import { afterAll, beforeAll, expect, it } from 'vitest';
import { jsGuest } from '../fixtures/guest.ts';
import { guestDescriptor } from '../fixtures/guest-descriptor.ts';
import { openHost } from '../fixtures/open-host.ts';
import { startRawHttpServer } from '../fixtures/raw-http-server.ts';

/** Replaces one block of a tool's result by all the texts that it sees. */
const script = (id: string, place: number) => `
export const lifecycle = { configure() {} };
export const dispatchHooks = {
  beforeDispatch: () => ({ tag: 'proceed' }),
  afterDispatch: (context, response) => {
    const { content } = response.val;
    const val = '${id} saw ' + content.map(block => block.val).join();
    const changed = content.map((block, at) => (at === ${place} ? { tag: 'text', val } : block));
    return { tag: 'modified', val: { ...response, val: { ...response.val, content: changed } } };
  },
};`;

const places = { first: 0, second: 1, rival: 1 };
type Id = keyof typeof places;

let guests: Readonly<Record<Id, Uint8Array>>;
const opened: AsyncDisposable[] = [];
beforeAll(async () => {
  const build = (id: Id) => jsGuest({ ...guestDescriptor(id), hooks: ['tool_post_invoke'] }, script(id, places[id]));
  const [first, second, rival] = await Promise.all([build('first'), build('second'), build('rival')]);
  guests = { first, second, rival };
}, 240_000);
afterAll(async () => {
  for (const each of opened.toReversed()) await each[Symbol.asyncDispose]();
});

const content = ['one', 'two'].map(text => ({ type: 'text', text }));

async function call(ids: readonly Id[], settings: object, isParallel: boolean) {
  const server = await startRawHttpServer({
    answer(message, response) {
      if (message.method !== 'tools/call') return false;
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ jsonrpc: '2.0', id: message.id, result: { content } }));
      return true;
    },
  });
  opened.push(server);
  const plugins = ids.map(id => ({ id, bytes: guests[id], limits: { timeout_ms: 5000 }, ...settings }));
  const host = await openHost(plugins, server.url, {
    plugin_settings: { parallel_execution_within_band: isParallel },
  });
  opened.push(host);
  const answer = await host.call('echo', { text: 'a' }).then(
    result => (result.content as { text: string }[]).map(({ text }) => text),
    error => error.data,
  );
  const line = host.lines.findLast(({ msg, method }) => msg === 'request' && method === 'tools/call');
  return { answer, plugins: line?.plugins };
}

it.each<{ what: string; settings: object; isParallel: boolean; second: string }>([
  { what: 'of a stated priority run at once', settings: { priority: 5 }, isParallel: true, second: 'one,two' },
  { what: 'without a stated priority do not', settings: {}, isParallel: true, second: 'first saw one,two,two' },
  { what: 'do not without the setting', settings: { priority: 5 }, isParallel: false, second: 'first saw one,two,two' },
])('[HOOK-96] two plugins that change different parts of a result $what', async ({ settings, isParallel, second }) => {
  expect(await call(['first', 'second'], settings, isParallel)).toMatchObject({
    answer: ['first saw one,two', `second saw ${second}`],
    plugins: [
      { plugin: 'first', outcome: 'modified' },
      { plugin: 'second', outcome: 'modified' },
    ],
  });
});

it.each<{ onError: string; answer: unknown }>([
  { onError: 'deny', answer: { plugin: 'second', code: 'plugin_failed', details: { cause: 'merge' } } },
  { onError: 'ignore', answer: ['one', 'two'] },
])('[HOOK-98] two plugins that change the same part of a result fail: $onError', async ({ onError, answer }) => {
  const settings = { priority: 5, on_error: { merge: onError } };
  expect(await call(['second', 'rival'], settings, true)).toMatchObject({
    answer,
    plugins: [
      { plugin: 'second', outcome: 'failed', cause: 'merge' },
      { plugin: 'rival', outcome: 'failed', cause: 'merge' },
    ],
  });
});
