import { describe, expect, it } from 'vitest';
import { createFakeHookRunner, type FakePlugin } from '../../../../test/fixtures/fake-hook-runner.ts';
import { hookNames } from '../../contract/hook-name.ts';
import { everyCause } from '../../contract/hook-policy.ts';
import { silentLog } from '../../core/log.ts';
import { createHookChain } from '../create-hook-chain.ts';
import type { HookContext, HookedPlugin } from '../hook-chain.ts';
import { PluginHealth } from '../plugin-health.ts';
import { Receipts } from '../receipt.ts';
import { ShadowCalls } from '../shadow-calls.ts';
import type { HookCallRecord } from './receipt-line.ts';
import type { ReceiptRecorder } from './receipt-log.ts';

type Entry = FakePlugin & Partial<HookedPlugin>;

/** A chain whose hook calls are recorded. `room` is what calls wait for. */
function setUp(entries: Readonly<Record<string, Entry>>, room?: Promise<void>) {
  const records: HookCallRecord[] = [];
  const recorder: ReceiptRecorder = { add: record => void records.push(record), room: () => room };
  const plugins = Object.entries(entries).map(([id, entry]) => ({
    ...{ id, version: '1.0.0', digest: `sha256:${id}`, hooks: new Set(hookNames), priority: 0, seesBlobs: false },
    ...{ onError: everyCause('deny'), health: new PluginHealth(id, silentLog()) },
    ...entry,
  }));
  const runner = createFakeHookRunner(entries);
  const shadows = new ShadowCalls({ record() {}, dropped() {} });
  const chain = (isRecorded: boolean) =>
    createHookChain({ plugins, runner, log: silentLog(), shadows, recorder: isRecorded ? recorder : undefined });
  return { chain: chain(true), unrecorded: chain(false), runner, records };
}

const context = (): HookContext => ({
  ...{
    requestId: 'r1',
    binding: 'support',
    upstream: 'mail',
    receipts: new Receipts(),
    tenant: 'acme',
    target: 'echo',
  },
  listedTool: name => ({ name, inputSchema: {}, outputSchema: {} }),
});
const call = { name: 'echo', arguments: { message: 'hi' } };
const result = { content: [{ type: 'text', text: 'hi' }] };

/** Renames the tool of a call, and appends a letter to the text of a result. */
const appends = (letter: string): FakePlugin => ({
  before: request =>
    request.tag === 'tool-call'
      ? { tag: 'modified', val: { ...request, val: { ...request.val, name: request.val.name + letter } } }
      : { tag: 'proceed' },
  after: response => {
    if (response.tag !== 'tool-result') return { tag: 'proceed' };
    const content = response.val.content.map(block =>
      block.tag === 'text' ? { ...block, val: block.val + letter } : block,
    );
    return { tag: 'modified', val: { ...response, val: { ...response.val, content } } };
  },
});
const blocks: FakePlugin = {
  before: () => ({ tag: 'block', val: { code: 'NO', reason: 'No.', description: '' } }),
};
const answers: FakePlugin = {
  before: () => ({
    tag: 'respond',
    val: { tag: 'tool-result', val: { content: [{ tag: 'text', val: 'hi' }], isError: false } },
  }),
};
const text = (value: string) => ({ content: [{ type: 'text', text: value }] });

describe('recorded hook calls', () => {
  it('[HOOK-120] have the value before and after each of several plugins, and what these are', async () => {
    const { chain, runner, records } = setUp({ a: appends('a'), looks: {}, b: appends('b') });
    await chain.after(context(), 'tools/call', result);
    expect(runner.runs).toHaveLength(3);
    expect(records).toMatchObject([
      {
        ...{ request: 'r1', call: 1, binding: 'support', upstream: 'mail', tenant: 'acme', method: 'tools/call' },
        ...{ receipt: { plugin: 'a', hook: 'tool_post_invoke' }, version: '1.0.0', digest: 'sha256:a' },
        change: { before: text('hi'), after: text('hia'), tools: [{ name: 'echo' }] },
      },
      { call: 2, receipt: { plugin: 'looks', outcome: 'proceed' }, change: undefined, tool: 'echo' },
      { call: 3, receipt: { plugin: 'b' }, change: { before: text('hia'), after: text('hiab') } },
    ]);
  });

  it('[HOOK-122] name no tool that its upstream does not list', async () => {
    const { chain, records } = setUp({ looks: {} });
    await chain.after({ ...context(), listedTool: () => undefined }, 'tools/call', result);
    expect(records).toMatchObject([{ tool: undefined }]);
  });

  it('[HOOK-120] know both tools of a call that a plugin renamed', async () => {
    const { chain, records } = setUp({ a: appends('!') });
    await chain.before(context(), 'tools/call', call);
    expect(records[0]?.change?.tools).toMatchObject([{ name: 'echo' }, { name: 'echo!' }]);
  });

  it('[HOOK-120] have their own change where plugins run at the same time', async () => {
    const band = { isInBand: true, priority: 1 };
    const { chain, records } = setUp({
      arguments: {
        ...band,
        before: request =>
          request.tag === 'tool-call'
            ? { tag: 'modified', val: { ...request, val: { ...request.val, arguments: '{"message":"ho"}' } } }
            : { tag: 'proceed' },
      },
      name: { ...band, ...appends('!') },
    });
    await chain.before(context(), 'tools/call', call);
    expect(records.map(({ change }) => change?.after)).toEqual([
      { ...call, arguments: { message: 'ho' } },
      { ...call, name: 'echo!' },
    ]);
  });

  it.each<[string, Readonly<Record<string, Entry>>, readonly object[]]>([
    ['a block, after which none is called', { blocks, looks: {} }, [{ receipt: { outcome: 'block' } }]],
    [
      'a block that does not count',
      { blocks: { ...blocks, mode: 'permissive' } },
      [{ receipt: { mode: 'permissive' } }],
    ],
    ['an answer', { answers, looks: {} }, [{ receipt: { outcome: 'respond' }, answer: text('hi') }]],
    ['a failure', { fails: { before: () => ({ tag: 'failed', cause: 'trap' }) } }, [{ receipt: { cause: 'trap' } }]],
    ['no call without the hook', { after: { hooks: new Set(['tool_post_invoke'] as const) } }, []],
    ['no call whose conditions do not match', { never: { matches: () => false } }, []],
  ])('[HOOK-120] are %s', async (_, entries, expected) => {
    const { chain, records } = setUp(entries);
    await chain.before(context(), 'tools/call', call);
    expect(records).toMatchObject(expected);
    expect(records).toHaveLength(expected.length);
  });

  it('[HOOK-120] are those of a plugin that is held back, too', async () => {
    const health = new PluginHealth('fails', silentLog(), { failures: 1, openMs: 60_000 });
    const { chain, records } = setUp({ fails: { health, before: () => ({ tag: 'failed', cause: 'trap' }) } });
    for (const _ of [1, 2]) await chain.before(context(), 'tools/call', call);
    expect(records.map(({ receipt }) => receipt)).toMatchObject([{ cause: 'trap' }, { cause: 'unavailable' }]);
  });

  it('[HOOK-120] have a plugin in shadow among them, with what it would have changed', async () => {
    const { chain, records } = setUp({ a: { ...appends('a'), mode: 'shadow' } });
    const on = context();
    await chain.after(on, 'tools/call', result);
    while (records.length === 0) await new Promise(resolve => setTimeout(resolve, 1));
    expect(records).toMatchObject([
      {
        receipt: { plugin: 'a', mode: 'shadow', outcome: 'modified' },
        change: { before: text('hi'), after: text('hia'), tools: [{ name: 'echo' }] },
      },
    ]);
    expect(on.receipts.written).toEqual([]);
  });

  it('[HOOK-120] are corrected by another one if an answer turns out to be invalid', async () => {
    const { chain, records } = setUp({ answers });
    const on = context();
    await chain.before(on, 'tools/call', call);
    const schema = { type: 'object', required: ['a'] };
    await chain.after(on, 'tools/call', result, { tool: 'echo', outputSchema: async () => schema });
    expect(records).toMatchObject([
      { call: 1, receipt: { outcome: 'respond' } },
      { call: 2, receipt: { outcome: 'failed', cause: 'invalid_output' }, corrects: 1, digest: 'sha256:answers' },
    ]);
  });

  it('[HOOK-123] hold up the request until there is room, also one that was blocked', async () => {
    for (const plugin of [{}, blocks]) {
      const room = Promise.withResolvers<void>();
      const { chain, records } = setUp({ plugin }, room.promise);
      let isDone = false;
      const done = chain.before(context(), 'tools/call', call).then(() => {
        isDone = true;
      });
      await new Promise(resolve => setTimeout(resolve, 5));
      expect([records.length, isDone]).toEqual([1, false]);
      room.resolve();
      await done;
    }
  });

  it('[HOOK-125] share no hop where they are recorded, and one hop where they are not', async () => {
    const { unrecorded, runner, records } = setUp({ a: appends('a'), looks: {}, b: appends('b') });
    const outcome = await unrecorded.after(context(), 'tools/call', result);
    expect(outcome).toMatchObject({ result: text('hiab') });
    expect([runner.runs.length, records.length]).toEqual([1, 0]);
  });
});
