import { expect, it } from 'vitest';
import { createFakeHookRunner, type FakePlugin } from '../../../test/fixtures/fake-hook-runner.ts';
import type { Request } from '../contract/generated/types.js';
import type { FailureAction, FailureCause, HookRunner } from '../contract/hook-call.ts';
import { hookNames } from '../contract/hook-name.ts';
import { everyCause } from '../contract/hook-policy.ts';
import { Fault } from '../core/fault.ts';
import type { JsonObject } from '../core/json.ts';
import { silentLog } from '../core/log.ts';
import { createHookChain } from './create-hook-chain.ts';
import type { HookContext, HookedPlugin } from './hook-chain.ts';
import { PluginHealth } from './plugin-health.ts';
import { countedOutcome, Receipts } from './receipt.ts';

interface Entry extends FakePlugin, Partial<Omit<HookedPlugin, 'id' | 'onError'>> {
  readonly onError?: FailureAction;
}

/** A chain of fake plugins, all of one band unless they say otherwise. */
function setUp(entries: Readonly<Record<string, Entry>>, runner: HookRunner = createFakeHookRunner(entries)) {
  const log = silentLog();
  const plugins = Object.entries(entries).map(([id, { onError = 'deny', before: _, after: __, ...more }]) => ({
    ...{ id, hooks: new Set(hookNames), priority: 0, isInBand: true, seesBlobs: false },
    ...{ health: new PluginHealth(id, log), ...more, onError: everyCause(onError) },
  }));
  return createHookChain({ plugins, runner, log });
}

const context = (more: Partial<HookContext> = {}): HookContext => ({
  ...{ requestId: 'r1', binding: 'support', upstream: 'mail', receipts: new Receipts(), ...more },
});
const params = { name: 'echo', arguments: { a: 'a', b: 'b' } };

/** Sets members of the arguments of a call. */
const sets = (members: JsonObject): FakePlugin => ({
  before: request => {
    if (request.tag !== 'tool-call') return { tag: 'proceed' };
    const args = JSON.stringify({ ...JSON.parse(request.val.arguments), ...members });
    return { tag: 'modified', val: { ...request, val: { ...request.val, arguments: args } } };
  },
});
const shares = (key: string, value: string, more: FakePlugin = {}): FakePlugin => ({
  before: (request, shared) => {
    shared.set(key, value);
    return more.before?.(request, shared) ?? { tag: 'proceed' };
  },
});
const blocks = (code: string): FakePlugin => ({
  before: () => ({ tag: 'block', val: { code, reason: 'No.', description: 'Not today.' } }),
});
const fails = (cause: FailureCause): FakePlugin => ({ before: () => ({ tag: 'failed', cause }) });
const responds = (text: string): FakePlugin => ({
  before: () => ({
    tag: 'respond',
    val: { tag: 'tool-result', val: { content: [{ tag: 'text', val: text }], isError: false } },
  }),
});

async function before(entries: Readonly<Record<string, Entry>>) {
  const on = context();
  const outcome = await setUp(entries).before(on, 'tools/call', params);
  return { outcome, on, receipts: on.receipts.calls.map(each => `${each.plugin} ${countedOutcome(each)}`) };
}

const merged = (args: JsonObject) => ({ kind: 'proceed', params: { name: 'echo', arguments: args } });
const unchanged = { kind: 'proceed', params };
const mergeFailure = (plugin: string) => ({
  ...{ kind: 'block', data: { plugin, code: 'plugin_failed', details: { cause: 'merge' } } },
});

it('[HOOK-96] the plugins of a band run at the same time, and each gets the same value', async () => {
  const entries = { a: sets({ a: '1' }), b: sets({ b: '2' }), c: {} };
  const fake = createFakeHookRunner(entries);
  let waiting = 0;
  const all = Promise.withResolvers<void>();
  const runner: HookRunner = {
    async run(input, signal) {
      waiting += 1;
      if (waiting === 3) all.resolve();
      await all.promise;
      return fake.run(input, signal);
    },
  };
  const outcome = await setUp(entries, runner).before(context(), 'tools/call', params);
  expect(outcome).toEqual(merged({ a: '1', b: '2' }));
  expect(fake.runs.map(({ calls }) => calls.map(({ plugin }) => plugin))).toEqual([['a'], ['b'], ['c']]);
  expect(
    new Set(fake.runs.map(({ value }) => (value as Extract<Request, { tag: 'tool-call' }>).val.arguments)),
  ).toEqual(new Set([JSON.stringify(params.arguments)]));
});

it('[HOOK-96] plugins before and after a band run one after the other, and see its result', async () => {
  const appends: FakePlugin = {
    before: request => {
      if (request.tag !== 'tool-call') return { tag: 'proceed' };
      const { a, b } = JSON.parse(request.val.arguments);
      const args = JSON.stringify({ a: `${a}!`, b: `${b}!` });
      return { tag: 'modified', val: { ...request, val: { ...request.val, arguments: args } } };
    },
  };
  const { outcome, receipts } = await before({
    first: { ...appends, priority: -1 },
    a: sets({ a: '1' }),
    b: sets({ b: '2' }),
    last: { ...appends, priority: 1 },
  });
  expect(outcome).toEqual(merged({ a: '1!', b: '2!' }));
  expect(receipts).toEqual(['first modified', 'a modified', 'b modified', 'last modified']);
});

it('[HOOK-96] plugins whose priority is not stated run one after the other', async () => {
  const entries = { a: { ...sets({ a: '1' }), isInBand: false }, b: { ...sets({ a: '2' }), isInBand: false } };
  const runner = createFakeHookRunner(entries);
  expect(await setUp(entries, runner).before(context(), 'tools/call', params)).toEqual(merged({ a: '2', b: 'b' }));
  expect(runner.runs).toHaveLength(1);
});

it.each<{ what: string; entries: Readonly<Record<string, Entry>>; outcome: object; receipts: readonly string[] }>([
  {
    what: 'the first block wins',
    entries: { a: {}, b: blocks('B'), c: blocks('C') },
    outcome: { kind: 'block', data: { plugin: 'b', code: 'B' } },
    receipts: ['a proceed', 'b block', 'c block'],
  },
  {
    what: 'a block wins over an earlier answer',
    entries: { a: responds('a'), b: blocks('B') },
    outcome: { kind: 'block', data: { plugin: 'b' } },
    receipts: ['a respond', 'b block'],
  },
  {
    what: 'the first answer wins, also over changes',
    entries: { a: sets({ a: '1' }), b: responds('b'), c: responds('c') },
    outcome: { kind: 'respond', result: { content: [{ type: 'text', text: 'b' }] } },
    receipts: ['a modified', 'b respond', 'c respond'],
  },
  {
    what: 'a failure denies',
    entries: { a: sets({ a: '1' }), b: fails('trap') },
    outcome: { kind: 'block', data: { plugin: 'b', details: { cause: 'trap' } } },
    receipts: ['a modified', 'b trap'],
  },
  {
    what: 'an ignored failure leaves the changes of the others',
    entries: { a: sets({ a: '1' }), b: { ...fails('trap'), onError: 'ignore' } },
    outcome: merged({ a: '1', b: 'b' }),
    receipts: ['a modified', 'b trap'],
  },
  {
    what: 'a permissive block is recorded',
    entries: { a: { ...blocks('A'), mode: 'permissive' }, b: sets({ b: '2' }) },
    outcome: merged({ a: 'a', b: '2' }),
    receipts: ['a would_block', 'b modified'],
  },
])('[HOOK-97] of a band, $what', async ({ entries, outcome, receipts }) => {
  const done = await before(entries);
  expect(done.outcome).toMatchObject(outcome);
  expect(done.receipts).toEqual(receipts);
});

it.each<{ what: string; entries: Readonly<Record<string, Entry>>; outcome: object; receipts: readonly string[] }>([
  {
    what: 'which deny by default',
    entries: { a: sets({ a: '1' }), b: sets({ a: '2' }) },
    outcome: mergeFailure('a'),
    receipts: ['a merge', 'b merge'],
  },
  {
    what: 'each by its own on_error',
    entries: { a: { ...sets({ a: '1' }), onError: 'ignore' }, b: sets({ a: '2' }) },
    outcome: mergeFailure('b'),
    receipts: ['a merge', 'b merge'],
  },
  {
    what: 'and their changes are dropped if they are ignored',
    entries: {
      a: { ...sets({ a: '1' }), onError: 'ignore' },
      b: { ...sets({ a: '2', b: '2' }), onError: 'ignore' },
      c: sets({ c: '3' }),
    },
    outcome: merged({ a: 'a', b: 'b', c: '3' }),
    receipts: ['a merge', 'b merge', 'c modified'],
  },
  {
    what: 'beside a block, which stays one',
    entries: {
      a: { ...sets({ a: '1' }), onError: 'ignore' },
      b: { ...sets({ a: '2' }), onError: 'ignore' },
      c: blocks('C'),
    },
    outcome: { kind: 'block', data: { plugin: 'c' } },
    receipts: ['a merge', 'b merge', 'c block'],
  },
])('[HOOK-98] changes of the same path are failures, $what', async ({ entries, outcome, receipts }) => {
  const done = await before(entries);
  expect(done.outcome).toMatchObject(outcome);
  expect(done.receipts).toEqual(receipts);
});

it('[HOOK-98] on_error disable of a merge disables the plugin', async () => {
  const chain = setUp({
    a: { ...sets({ a: '1' }), onError: 'disable' },
    b: { ...sets({ a: '2' }), onError: 'ignore' },
  });
  expect(await chain.before(context(), 'tools/call', params)).toEqual(unchanged);
  expect(chain.plugins).toEqual(['b']);
  expect(await chain.before(context(), 'tools/call', params)).toEqual(merged({ a: '2', b: 'b' }));
});

it('[HOOK-98] a merged result that violates the output schema is a failure of all that changed it', async () => {
  const structured = (members: JsonObject): FakePlugin => ({
    after: response => {
      if (response.tag !== 'tool-result') return { tag: 'proceed' };
      const content = { ...JSON.parse(response.val.structuredContent ?? '{}'), ...members };
      const val = { ...response.val, structuredContent: JSON.stringify(content) };
      return { tag: 'modified', val: { ...response, val } };
    },
  });
  const on = context();
  const result = { content: [], structuredContent: { a: 1 } };
  const done = await setUp({ x: structured({ x: 1 }), y: structured({ y: 1 }) }).after(on, 'tools/call', result, {
    tool: 'echo',
    outputSchema: async () => ({ type: 'object', maxProperties: 2 }),
  });
  expect(done).toMatchObject(mergeFailure('x'));
  expect(on.receipts.calls.map(countedOutcome)).toEqual(['merge', 'merge']);
});

it('[HOOK-99] shared state that the plugins of a band set is merged', async () => {
  const { on, outcome } = await before({
    a: shares('a', '1'),
    b: shares('b', '2', sets({ b: '2' })),
    c: shares('a', '1'),
  });
  expect(outcome).toEqual(merged({ a: 'a', b: '2' }));
  expect(Object.fromEntries(on.state?.shared ?? [])).toEqual({ a: '1', b: '2' });
});

it('[HOOK-99] what each plugin of a band set for itself is kept', async () => {
  const entries = { a: {}, b: {} };
  const fake = createFakeHookRunner(entries);
  const runner: HookRunner = {
    async run(input) {
      const local = new Map(input.calls.map(({ plugin }) => [plugin, new Map([['own', plugin]])]));
      return { ...(await fake.run(input)), state: { local, shared: new Map() } };
    },
  };
  const on = context({ state: { local: new Map([['z', new Map([['own', 'z']])]]), shared: new Map([['s', '1']]) } });
  await setUp(entries, runner).before(on, 'tools/call', params);
  expect([...(on.state?.local ?? [])].map(([plugin, own]) => [plugin, own.get('own')])).toEqual([
    ['z', 'z'],
    ['a', 'a'],
    ['b', 'b'],
  ]);
  expect(on.state?.shared.get('s')).toBe('1');
});

it('[HOOK-99] a shared key that two plugins of a band set differently is a failure of both', async () => {
  const { on, outcome, receipts } = await before({
    a: { ...shares('k', '1', sets({ a: '1' })), onError: 'ignore' },
    b: { ...shares('k', '2'), onError: 'ignore' },
    c: shares('other', '3'),
  });
  expect(outcome).toEqual(unchanged);
  expect(receipts).toEqual(['a merge', 'b merge', 'c proceed']);
  expect(Object.fromEntries(on.state?.shared ?? [])).toEqual({ other: '3' });
});

it('[HOOK-97] headers that a band sets are set in its order, whichever plugin is faster', async () => {
  const entries = { slow: {}, fast: {} };
  const fake = createFakeHookRunner(entries);
  const runner: HookRunner = {
    async run(input) {
      const plugin = String(input.calls[0]?.plugin);
      if (plugin === 'slow') await new Promise(resolve => setTimeout(resolve, 5));
      input.upstreamRequest?.setHeader({ plugin, name: 'x-by', fill: () => ({ value: plugin }) });
      return fake.run(input);
    },
  };
  const set: string[] = [];
  const upstreamRequest = { setHeader: ({ plugin }: { plugin: string }) => void set.push(plugin) };
  await setUp(entries, runner).before(context({ upstreamRequest }), 'tools/call', params);
  expect(set).toEqual(['slow', 'fast']);
});

it('[HOOK-97] an overloaded gateway refuses the request, and the calls that were made have receipts', async () => {
  const entries = { a: {}, b: {} };
  const fake = createFakeHookRunner(entries);
  const runner: HookRunner = {
    run: async input => {
      if (input.calls[0]?.plugin === 'a') throw new Fault('overloaded', {});
      return fake.run(input);
    },
  };
  const on = context();
  await expect(setUp(entries, runner).before(on, 'tools/call', params)).rejects.toMatchObject({ code: 'overloaded' });
  expect(on.receipts.calls.map(({ plugin }) => plugin)).toEqual(['b']);
});

it('[HOOK-97] of several answers, the one that is used is blamed if it violates the output schema', async () => {
  const entries = { a: responds('a'), b: responds('b') };
  const chain = setUp(entries);
  const on = context();
  const answered = await chain.before(on, 'tools/call', params);
  const result = answered.kind === 'respond' ? answered.result : {};
  const done = await chain.after(on, 'tools/call', result, {
    tool: 'echo',
    outputSchema: async () => ({ type: 'object', required: ['x'] }),
  });
  expect(done).toMatchObject({ kind: 'block', data: { plugin: 'a', details: { cause: 'invalid_output' } } });
});
