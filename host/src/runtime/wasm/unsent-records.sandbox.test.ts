import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type DoingGuest, openDoingGuest } from '../../../../test/fixtures/doing-guest.ts';

const from = (name: string) => `'sallyport:plugin/${name}@0.1.0'`;
const pure = `
import { write as line } from ${from('log')};
import { write } from ${from('audit')};
const spin = turns => { for (let n = 0; n < turns; n += 1); };
const f = { line, write, spin, loop: () => { for (;;); }, ...(typeof more === 'undefined' ? {} : more) };`;
const waiting = `
import { get } from ${from('kv-store')};
import { send } from ${from('outbound-http')};
const more = { get, send: url => send({ method: 'GET', url, headers: [] }).status };${pure}`;

/** Last words: a line, an event, and a use that is refused. */
const words = [
  ['line', 'info', 'last words'],
  ['write', 'seen', '{"a":1}'],
  ['write', 'nonsense', '{'],
];

const asks = { required_capabilities: ['audit'] };
const asksMore = { required_capabilities: ['audit', 'kv_store', 'outbound_http'] };
const limits = { timeoutMs: 1_000, startMs: 60_000 };

let silent: ReturnType<typeof createServer>;
let url: string;
beforeAll(async () => {
  silent = createServer(() => {});
  await new Promise<void>(resolve => silent.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(silent.address() as AddressInfo).port}/`;
});
afterAll(() => {
  silent.closeAllConnections();
  silent.close();
});

const inThread = (): DoingGuest => ({ imports: pure, asks, grants: { audit: {} }, limits });
const withWaiting = (): DoingGuest => ({
  imports: waiting,
  asks: asksMore,
  grants: { audit: {}, kv_store: {}, outbound_http: { allow: [url], allow_private: ['127.0.0.0/8'] } },
  limits,
});
const inProcess = (): DoingGuest => ({ ...inThread(), isolation: 'process' });

describe('the log lines and notes of a call that ends without an answer', () => {
  it.each<[string, () => DoingGuest, unknown[][]]>([
    ['it loops', inThread, [...words, ['loop']]],
    ['it waits, leaves them, and loops', withWaiting, [['get', 'a'], ...words, ['loop']]],
    ['it leaves them, waits, and loops', withWaiting, [...words, ['get', 'a'], ['loop']]],
    ['it waits for an answer that never comes', withWaiting, [...words, ['send', '']]],
    ['it loops in a process', inProcess, [...words, ['loop']]],
  ])('[SBX-80] are delivered once when %s', async (_, guest, tasks) => {
    await using opened = await openDoingGuest(guest());
    const report = await opened.run(
      tasks.map(([name, ...args]) => (name === 'send' ? ['send', url] : [name, ...args])),
    );
    expect(report).toMatchObject({ outcome: 'failed', cause: 'timeout' });
    await expectWords(opened);
  });

  it.each<[string, () => DoingGuest]>([
    ['in a thread', inThread],
    ['where calls wait', withWaiting],
    ['in a process', inProcess],
  ])('[SBX-80] are delivered once when its client leaves, %s', async (_, guest) => {
    await using opened = await openDoingGuest({ ...guest(), limits: { timeoutMs: 10_000 } });
    const leaving = AbortSignal.timeout(100);
    await expect(opened.run([...words, ['spin', 10_000_000]], {}, {}, leaving)).rejects.toThrow();
    await expectWords(opened);
  });

  it('[SBX-80] are delivered when other calls of its lane have overtaken it', async () => {
    await using opened = await openDoingGuest({ ...withWaiting(), limits: { timeoutMs: 1500 } });
    const first = opened.run([...words, ['send', url]]);
    const second = opened.run([['line', 'info', 'second'], ['get', 'a'], ['loop']]);
    expect(await Promise.all([first, second])).toMatchObject([{ outcome: 'failed' }, { outcome: 'failed' }]);
    await expectWords(opened);
    await expect.poll(() => opened.lines.filter(({ msg }) => msg === 'second')).toHaveLength(1);
  });

  it('[SBX-80] that were lost with its lane are counted', async () => {
    await using opened = await openDoingGuest({ ...inThread(), limits: { timeoutMs: 1000, logBytes: 1_000_000 } });
    await opened.run([...Array.from({ length: 50 }, () => ['line', 'info', 'x'.repeat(4000)]), ['loop']]);
    const lines = opened.lines.filter(({ plugin }) => plugin === 'does');
    expect(lines.length).toBeGreaterThan(10);
    expect(lines.at(-1)?.msg).toMatch(/^\d+ more log lines and notes were lost with their lane$/);
  });
});

describe('the log lines and notes of a plugin that starts', () => {
  it.each([
    ['in a thread', inThread],
    ['where calls wait', withWaiting],
    ['in a process', inProcess],
  ])('[SBX-81] are delivered, and its refused uses are counted and audited, %s', async (_, guest) => {
    await using opened = await openDoingGuest({ ...guest(), atStart: words });
    expect(opened.refusals('audit', 'invalid')).toBeGreaterThan(0);
    expect(opened.audited().map(({ event }) => event)).toContain('capability.refused');
    expect(opened.lines).toContainEqual(expect.objectContaining({ plugin: 'does', msg: 'last words' }));
  });

  it('[SBX-81] are delivered even if its start never ends', async () => {
    const lines: Record<string, unknown>[] = [];
    const guest = { ...inThread(), atStart: [...words, ['loop']], limits: { startMs: 3_000 }, lines };
    await expect(openDoingGuest(guest)).rejects.toThrow('plugin_start_timeout');
    expect(lines).toContainEqual(expect.objectContaining({ plugin: 'does', msg: 'last words' }));
    expect(lines).toContainEqual(expect.objectContaining({ audit: expect.objectContaining({ event: 'plugin.seen' }) }));
  });
});

async function expectWords(opened: Awaited<ReturnType<typeof openDoingGuest>>): Promise<void> {
  const heard = () => ({
    lines: opened.lines
      .filter(({ msg, plugin }) => msg === 'last words' && plugin === 'does')
      .map(each => each.request),
    events: opened.audited().map(({ event }) => event),
    refusals: opened.refusals('audit', 'invalid'),
  });
  const once = { lines: ['r-1'], events: ['plugin.seen', 'capability.refused'], refusals: 1 };
  await expect.poll(heard).toEqual(once);
}
