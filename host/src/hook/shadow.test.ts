import { setImmediate } from 'node:timers/promises';
import { describe, expect, it, vi } from 'vitest';
import { createFakeHookRunner, type FakePlugin } from '../../../test/fixtures/fake-hook-runner.ts';
import type { ChainInput, ChainOutput, HookRunner } from '../contract/hook-call.ts';
import { hookNames } from '../contract/hook-name.ts';
import { everyCause } from '../contract/hook-policy.ts';
import { silentLog } from '../core/log.ts';
import { Metrics } from '../core/metrics.ts';
import { createHookChain } from './create-hook-chain.ts';
import type { HookContext, HookedPlugin } from './hook-chain.ts';
import { PluginHealth } from './plugin-health.ts';
import { Receipts } from './receipt.ts';
import { ShadowCalls } from './shadow-calls.ts';
import { createShadowRecorder } from './shadow-recorder.ts';

type Entry = FakePlugin & Partial<Omit<HookedPlugin, 'id'>>;

/** A chain of fake plugins that have all hooks and run in the order of the object. */
function setUp(
  entries: Readonly<Record<string, Entry>>,
  run?: (input: ChainInput) => Promise<ChainOutput> | undefined,
) {
  const fake = createFakeHookRunner(entries);
  const runs: ChainInput[] = [];
  const runner: HookRunner = {
    async run(input, signal) {
      runs.push(input);
      return run?.(input) ?? fake.run(input, signal);
    },
  };
  const log = silentLog();
  const lines: unknown[] = [];
  vi.spyOn(log, 'info').mockImplementation((about: unknown) => void lines.push(about));
  const metrics = new Metrics();
  const plugins = Object.entries(entries).map(([id, entry]) => ({
    ...{ id, hooks: new Set(hookNames), priority: 0, onError: everyCause('deny'), seesBlobs: false },
    health: new PluginHealth(id, log, { failures: 3, openMs: 60_000 }),
    ...entry,
  }));
  const shadows = new ShadowCalls(createShadowRecorder(metrics, log));
  return { chain: createHookChain({ plugins, runner, log, shadows }), runs, lines, metrics };
}

const context = (): HookContext => ({
  ...{ requestId: 'r1', binding: 'support', upstream: 'mail', target: 'echo' },
  receipts: new Receipts(),
});
const call = { name: 'echo', arguments: { message: 'hi' } };
const result = { content: [{ type: 'text', text: 'hi' }] };

/** Waits until the calls in shadow have ended. */
async function settle() {
  for (let turn = 0; turn < 10; turn += 1) await setImmediate();
}

const appends = (letter: string): FakePlugin => ({
  before: request => {
    if (request.tag !== 'tool-call') return { tag: 'proceed' };
    const { message } = JSON.parse(request.val.arguments);
    const value = { ...request.val, arguments: JSON.stringify({ message: message + letter }) };
    return { tag: 'modified', val: { ...request, val: value } };
  },
});

const violation = { code: 'NO', reason: 'No.', description: 'Not today.' };
const blocks: FakePlugin = { before: () => ({ tag: 'block', val: violation }) };
const shadow = { mode: 'shadow' } as const;

describe('a plugin in shadow', () => {
  it.each<{ what: string; plugin: FakePlugin; line: object | undefined; outcome: string }>([
    { what: 'would block', plugin: blocks, line: { outcome: 'would_block', code: 'NO' }, outcome: 'would_block' },
    {
      what: 'would change something',
      plugin: appends('x'),
      line: { outcome: 'would_modify', paths: ['/arguments/*'] },
      outcome: 'would_modify',
    },
    {
      what: 'would respond',
      plugin: { before: () => ({ tag: 'respond', val: { tag: 'tool-result', val: { content: [], isError: false } } }) },
      line: { outcome: 'would_respond' },
      outcome: 'would_respond',
    },
    {
      what: 'fails',
      plugin: { before: () => ({ tag: 'failed', cause: 'trap' }) },
      line: { outcome: 'trap', reason: 'a trap for the test' },
      outcome: 'trap',
    },
    {
      what: 'returns something invalid',
      plugin: { before: () => ({ tag: 'modified', val: { tag: 'tool-call', val: { name: 'echo', arguments: '[' } } }) },
      line: { outcome: 'invalid_output' },
      outcome: 'invalid_output',
    },
    { what: 'proceeds', plugin: {}, line: undefined, outcome: 'proceed' },
  ])('[HOOK-102] that $what changes nothing, and the difference is recorded', async ({ plugin, line, outcome }) => {
    const { chain, lines, metrics } = setUp({ s: { ...plugin, ...shadow } });
    const on = context();
    expect(await chain.before(on, 'tools/call', call)).toEqual({ kind: 'proceed', params: call });
    await settle();
    const about = { plugin: 's', hook: 'tool_pre_invoke', request: 'r1', binding: 'support', target: 'echo' };
    expect(lines).toEqual(line === undefined ? [] : [expect.objectContaining({ ...about, ...line })]);
    expect(JSON.stringify(lines)).not.toContain('hi');
    expect(metrics.text()).toContain(
      `sallyport_shadow_calls_total{plugin="s",hook="tool_pre_invoke",outcome="${outcome}"} 1`,
    );
    expect(on.receipts.calls).toEqual([]);
  });

  it.each<{ where: string; entries: Readonly<Record<string, Entry>>; sees: string; hops: readonly string[] }>([
    { where: 'first', entries: { s: shadow, a: appends('a'), b: appends('b') }, sees: 'hi', hops: ['a,b', 's'] },
    { where: 'between', entries: { a: appends('a'), s: shadow, b: appends('b') }, sees: 'hia', hops: ['a', 'b', 's'] },
    { where: 'last', entries: { a: appends('a'), b: appends('b'), s: shadow }, sees: 'hiab', hops: ['a,b', 's'] },
    {
      where: 'in a band',
      entries: {
        a: { ...appends('a'), isInBand: true },
        s: { ...shadow, isInBand: true },
        b: { isInBand: true },
      },
      sees: 'hi',
      hops: ['a', 'b', 's'],
    },
  ])('[HOOK-103] sees the value at its place: $where', async ({ entries, sees, hops }) => {
    const { chain, runs } = setUp(entries);
    await chain.before(context(), 'tools/call', call);
    await settle();
    const names = runs.map(({ calls }) => calls.map(({ plugin }) => plugin).join());
    expect(names.toSorted()).toEqual(hops.toSorted());
    const shown = runs.find(({ calls }) => calls[0]?.plugin === 's')?.value;
    expect(shown).toMatchObject({ val: { arguments: JSON.stringify({ message: sees }) } });
  });

  it('[HOOK-103] is not called after a plugin that ends the chain', async () => {
    const { chain, runs } = setUp({ guard: blocks, s: shadow });
    await chain.before(context(), 'tools/call', call);
    await settle();
    expect(runs).toHaveLength(1);
  });

  it('[HOOK-103] is called only for what its conditions match', async () => {
    const { chain, runs } = setUp({ s: { ...shadow, matches: ({ target }) => target === 'other' } });
    expect(chain.isShadowed('before', 'tools/call', context())).toBe(false);
    await chain.before(context(), 'tools/call', call);
    await settle();
    expect(runs).toEqual([]);
  });

  it('[HOOK-102] gets no tools, and headers that it sets go nowhere', async () => {
    const { chain, runs } = setUp({ s: shadow });
    const setHeader = vi.fn();
    const tools = { within: [], madeBy: () => 0, call: vi.fn() };
    await chain.before({ ...context(), tools, upstreamRequest: { setHeader } }, 'tools/call', call);
    await settle();
    const [input] = runs;
    expect(input?.tools).toBeUndefined();
    input?.upstreamRequest?.setHeader({ plugin: 's', name: 'x', fill: () => undefined });
    expect(setHeader).not.toHaveBeenCalled();
  });

  it('[HOOK-104] sees its own state in the after hook, and no other plugin does', async () => {
    const seen: string[] = [];
    const keeps = (id: string): FakePlugin => ({
      before(_, shared) {
        seen.push(`${id} before ${[...shared.keys()]}`);
        shared.set(id, 'kept');
        return { tag: 'proceed' };
      },
      after(_, shared) {
        seen.push(`${id} after ${[...shared.keys()]}`);
        return { tag: 'proceed' };
      },
    });
    const { chain } = setUp({ a: keeps('a'), s: { ...keeps('s'), ...shadow }, b: keeps('b') });
    const on = context();
    await chain.before(on, 'tools/call', call);
    await chain.after(on, 'tools/call', result);
    await settle();
    expect(seen.filter(line => !line.startsWith('s'))).toEqual([
      'a before ',
      'b before a',
      'a after a,b',
      'b after a,b',
    ]);
    expect(seen.filter(line => line.startsWith('s'))).toEqual(['s before a', 's after a,b,s']);
    expect([...(on.state?.shared.keys() ?? [])]).toEqual(['a', 'b']);
  });

  it('[HOOK-105] is never waited for, and dropped and counted while 32 calls are under way', async () => {
    const waiting = new Promise<ChainOutput>(() => {});
    const { chain, metrics } = setUp({ s: shadow, a: {} }, ({ calls }) =>
      calls[0]?.plugin === 's' ? waiting : undefined,
    );
    for (let request = 0; request < 40; request += 1) {
      expect(await chain.before(context(), 'tools/call', call)).toMatchObject({ kind: 'proceed' });
    }
    expect(metrics.text()).toContain(
      'sallyport_shadow_dropped_total{plugin="s",hook="tool_pre_invoke",reason="busy"} 8',
    );
    expect(chain.dropped()).toEqual([{ plugin: 's', calls: 8 }]);
  });

  it('[HOOK-105] is held back when it keeps failing', async () => {
    const { chain, metrics } = setUp({ s: { before: () => ({ tag: 'failed', cause: 'trap' }), ...shadow } });
    for (let request = 0; request < 5; request += 1) {
      await chain.before(context(), 'tools/call', call);
      await settle();
    }
    expect(metrics.text()).toContain('reason="held_back"} 2');
    expect(chain.troubles()).toMatchObject([{ plugin: 's', state: 'held_back' }]);
  });

  it.each(['lanes are closed', 'too busy'])('[HOOK-105] that cannot be called (%s) is dropped', async message => {
    const { chain, metrics } = setUp({ s: shadow }, () => Promise.reject(new Error(message)));
    await chain.before(context(), 'tools/call', call);
    await settle();
    expect(metrics.text()).toContain('reason="unavailable"} 1');
  });

  it('[HOOK-106] takes no part in whether a result is parsed', async () => {
    const { chain, lines } = setUp({ s: { after: blocks.before as never, ...shadow } });
    expect(chain.handles('after', 'tools/call')).toBe(false);
    expect(chain.isShadowed('after', 'tools/call')).toBe(true);
    const read = vi.fn(() => result);
    chain.shadowAfter(context(), 'tools/call', read);
    expect(read).not.toHaveBeenCalled();
    await settle();
    expect(lines).toMatchObject([{ plugin: 's', hook: 'tool_post_invoke', outcome: 'would_block' }]);
  });
});
