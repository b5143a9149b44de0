import { describe, expect, it, vi } from 'vitest';
import { createFakeHookRunner, type FakePlugin } from '../../../test/fixtures/fake-hook-runner.ts';
import type { Content, Response, Violation } from '../contract/generated/types.js';
import type { FailureCause } from '../contract/hook-call.ts';
import { type HookName, hookNames } from '../contract/hook-name.ts';
import { type Condition, everyCause } from '../contract/hook-policy.ts';
import { silentLog } from '../core/log.ts';
import { compileConditions, type Test } from './condition.ts';
import { createHookChain } from './create-hook-chain.ts';
import type { HookContext, HookedPlugin } from './hook-chain.ts';
import { PluginHealth } from './plugin-health.ts';
import { countedOutcome, Receipts, receiptLine } from './receipt.ts';

/** A plugin with all hooks that denies on failure. */
const denying = (id: string): HookedPlugin => ({
  ...{ id, hooks: new Set(hookNames), priority: 0, onError: everyCause('deny'), seesBlobs: false },
  health: new PluginHealth(id, silentLog()),
});

const causes: readonly FailureCause[] = ['trap', 'timeout', 'limit', 'invalid_output', 'unavailable', 'merge'];

type Entry = FakePlugin & Partial<Omit<HookedPlugin, 'id'>>;

/** A chain of fake plugins. Each has all hooks and denies on failure, unless it says otherwise. */
function setUp(entries: Readonly<Record<string, Entry>>) {
  const runner = createFakeHookRunner(entries);
  const log = silentLog();
  const error = vi.spyOn(log, 'error');
  const warn = vi.spyOn(log, 'warn');
  const plugins = Object.entries(entries).map(([id, entry]) => ({
    id,
    hooks: entry.hooks ?? new Set(hookNames),
    priority: entry.priority ?? 0,
    onError: entry.onError ?? everyCause('deny'),
    seesBlobs: entry.seesBlobs ?? false,
    mode: entry.mode ?? 'enforce',
    matches: entry.matches,
    health: new PluginHealth(id, log),
  }));
  return { chain: createHookChain({ plugins, runner, log }), runner, error, warn };
}

const context = (): HookContext => ({
  requestId: 'r1',
  binding: 'support',
  upstream: 'mail',
  receipts: new Receipts(),
});
const call = { name: 'echo', arguments: { message: 'hi' } };
const result = { content: [{ type: 'text', text: 'hi' }] };

/** Appends its letter to the message of a call and to the text of a result. */
const appends = (letter: string): FakePlugin => ({
  before: request => {
    if (request.tag !== 'tool-call') return { tag: 'proceed' };
    const { message } = JSON.parse(request.val.arguments);
    return {
      tag: 'modified',
      val: { ...request, val: { ...request.val, arguments: JSON.stringify({ message: message + letter }) } },
    };
  },
  after: response => {
    if (response.tag !== 'tool-result') return { tag: 'proceed' };
    const content = response.val.content.map(
      (block): Content => (block.tag === 'text' ? { tag: 'text', val: block.val + letter } : block),
    );
    return { tag: 'modified', val: { ...response, val: { ...response.val, content } } };
  },
});

const fails = (cause: FailureCause): FakePlugin => ({
  before: () => ({ tag: 'failed', cause }),
  after: () => ({ tag: 'failed', cause }),
});

/** Returns a call whose arguments are not JSON, and a result with a block that it was not shown. */
const returnsGarbage: FakePlugin = {
  before: () => ({ tag: 'modified', val: { tag: 'tool-call', val: { name: 'echo', arguments: '[' } } }),
  after: () => ({
    tag: 'modified',
    val: { tag: 'tool-result', val: { content: [{ tag: 'opaque', val: 7 }], isError: false } },
  }),
};

const violation: Violation = { code: 'NO', reason: 'No.', description: 'Not today.', details: '{"day":1}' };
const blocks = (details: Partial<Violation> = {}): FakePlugin => ({
  before: () => ({ tag: 'block', val: { ...violation, ...details } }),
  after: () => ({ tag: 'block', val: { ...violation, ...details } }),
});

describe('a value that is none of the contract', () => {
  const none: readonly (readonly [string, unknown])[] = [
    ['content that is no list', { tag: 'tool-result', val: { content: 5, isError: false } }],
    ['a block that is none', { tag: 'tool-result', val: { content: [null], isError: false } }],
    ['bytes that are none', { tag: 'tool-result', val: { content: [{ tag: 'blob', val: {} }], isError: false } }],
    ['nothing', { tag: 'tool-result' }],
  ];
  it.each(none)('[HOOK-25] is invalid output, and on_error decides: %s', async (_, val) => {
    const odd: FakePlugin = { after: () => ({ tag: 'modified', val }) as never };
    const denied = await setUp({ odd }).chain.after(context(), 'tools/call', result);
    expect(denied).toMatchObject({ kind: 'block', data: { plugin: 'odd', details: { cause: 'invalid_output' } } });
    const passedOver = await setUp({ odd: { ...odd, onError: everyCause('ignore') } }).chain.after(
      context(),
      'tools/call',
      result,
    );
    expect(passedOver).toEqual({ kind: 'proceed', result });
  });
});

describe('order', () => {
  it('[HOOK-01] runs plugins by priority and then in the order of the file, the same before and after', async () => {
    const { chain } = setUp({
      late: { ...appends('d'), priority: 10 },
      second: { ...appends('b'), priority: 5 },
      first: { ...appends('a'), priority: 0 },
      third: { ...appends('c'), priority: 5 },
    });
    expect(chain.plugins).toEqual(['first', 'second', 'third', 'late']);
    const before = await chain.before(context(), 'tools/call', call);
    const after = await chain.after(context(), 'tools/call', result);
    expect(before).toEqual({ kind: 'proceed', params: { name: 'echo', arguments: { message: 'hiabcd' } } });
    expect(after).toEqual({ kind: 'proceed', result: { content: [{ type: 'text', text: 'hiabcd' }] } });
  });

  it('[HOOK-02] takes all consecutive plugins in one hop', async () => {
    const { chain, runner } = setUp({ a: appends('a'), b: appends('b'), c: appends('c') });
    await chain.before(context(), 'tools/call', call);
    expect(runner.runs.map(run => run.calls.map(({ plugin }) => plugin))).toEqual([['a', 'b', 'c']]);
  });

  it.each([
    ['before', 'tools/call', 'tool_pre_invoke'],
    ['before', 'prompts/get', 'prompt_pre_fetch'],
    ['before', 'resources/read', 'resource_pre_fetch'],
    ['after', 'tools/call', 'tool_post_invoke'],
    ['after', 'prompts/get', 'prompt_post_fetch'],
    ['after', 'resources/read', 'resource_post_fetch'],
    ['after', 'tools/list', 'tool_list'],
    ['after', 'prompts/list', 'prompt_list'],
    ['after', 'resources/list', 'resource_list'],
    ['after', 'resources/templates/list', 'resource_list'],
  ] as const)('calls, %s %s, the plugins with the hook %s and no others', async (stage, method, hook) => {
    const only = (hooks: readonly HookName[]) => ({ ...appends('x'), hooks: new Set(hooks) });
    const { chain, runner } = setUp({ with: only([hook]), without: only(hookNames.filter(name => name !== hook)) });
    const params = { name: 'n', uri: 'file:///n' };
    if (stage === 'before') await chain.before(context(), method, params);
    else await chain.after(context(), method, {});
    expect(runner.runs.flatMap(run => run.calls.map(({ plugin }) => plugin))).toEqual(['with']);
    const handles = (chain: ReturnType<typeof createHookChain>) =>
      stage === 'before' ? chain.handles(stage, method) : chain.handles(stage, method);
    expect(handles(chain)).toBe(true);
    expect(handles(setUp({ without: only([]) }).chain)).toBe(false);
  });

  it('hands over the very objects that came in when no plugin changed them', async () => {
    const { chain } = setUp({ looks: {} });
    expect(await chain.before(context(), 'tools/call', call)).toMatchObject({ params: call });
    const before = await chain.before(context(), 'tools/call', call);
    const after = await chain.after(context(), 'tools/call', result);
    expect(before.kind === 'proceed' && before.params).toBe(call);
    expect(after.kind === 'proceed' && after.result).toBe(result);
  });

  it('tells the plugins about the request', async () => {
    const { chain, runner } = setUp({ a: {} });
    await chain.before({ ...context(), tenant: 't', subject: 's' }, 'tools/call', call);
    expect(runner.runs[0]?.context).toEqual({
      requestId: 'r1',
      binding: 'support',
      upstream: 'mail',
      tenant: 't',
      subject: 's',
    });
  });

  it('[HOOK-03] carries state from hop to hop and from before to after, and reports each call', async () => {
    const counts: FakePlugin = {
      before: (_, shared) => {
        shared.set('seen', `${shared.get('seen') ?? ''}b`);
        return { tag: 'proceed' };
      },
      after: (_, shared) => {
        shared.set('seen', `${shared.get('seen') ?? ''}a`);
        return { tag: 'proceed' };
      },
    };
    const { chain } = setUp({ one: { ...counts, onError: everyCause('ignore') }, two: counts });
    const on = context();
    await chain.before(on, 'tools/call', call);
    await chain.after(on, 'tools/call', result);
    expect(on.state?.shared.get('seen')).toBe('bbaa');
    expect(on.receipts.calls).toEqual([
      { plugin: 'one', hook: 'tool_pre_invoke', wallMs: 1, outcome: 'proceed' },
      { plugin: 'two', hook: 'tool_pre_invoke', wallMs: 1, outcome: 'proceed' },
      { plugin: 'one', hook: 'tool_post_invoke', wallMs: 1, outcome: 'proceed' },
      { plugin: 'two', hook: 'tool_post_invoke', wallMs: 1, outcome: 'proceed' },
    ]);
  });
});

describe('block', () => {
  it('[HOOK-04] ends the chain with the violation, structured', async () => {
    const { chain } = setUp({ a: appends('a'), guard: blocks(), b: appends('b') });
    const on = context();
    const data = { plugin: 'guard', code: 'NO', reason: 'No.', description: 'Not today.', details: { day: 1 } };
    expect(await chain.before(on, 'tools/call', call)).toEqual({ kind: 'block', data });
    expect(await chain.after(context(), 'tools/call', result)).toEqual({ kind: 'block', data });
    expect(on.receipts.calls.map(({ plugin, outcome }) => [plugin, outcome])).toEqual([
      ['a', 'modified'],
      ['guard', 'block'],
    ]);
  });

  it.each(['[', '"text"', '[1]', 'null', `${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}`])(
    'stands without its details when they are not a sound JSON object: %.20s',
    async details => {
      const { chain } = setUp({ guard: blocks({ details }) });
      const outcome = await chain.before(context(), 'tools/call', call);
      expect(outcome).toEqual({
        kind: 'block',
        data: { plugin: 'guard', code: 'NO', reason: 'No.', description: 'Not today.' },
      });
    },
  );
});

describe('respond', () => {
  const answers = (content: Content[]): FakePlugin => ({
    before: () => ({ tag: 'respond', val: { tag: 'tool-result', val: { content, isError: false } } }),
  });

  it('[HOOK-05] ends the before hooks, and its answer passes the after hooks of all plugins', async () => {
    const { chain, runner } = setUp({
      first: { after: appends('1').after },
      cache: { ...answers([{ tag: 'text', val: 'cached' }]), after: appends('2').after },
      never: { before: appends('x').before, after: appends('3').after },
    } as Record<string, Entry>);
    const on = context();
    const before = await chain.before(on, 'tools/call', call);
    expect(before).toEqual({ kind: 'respond', params: call, result: { content: [{ type: 'text', text: 'cached' }] } });
    expect(on.receipts.calls.map(report => report.plugin)).toEqual(['first', 'cache']);
    const answer = before.kind === 'respond' ? before.result : {};
    const after = await chain.after(on, 'tools/call', answer);
    expect(after).toEqual({ kind: 'proceed', result: { content: [{ type: 'text', text: 'cached123' }] } });
    expect(runner.runs).toHaveLength(2);
  });

  it.each([
    ['with a block that nobody showed', answers([{ tag: 'opaque', val: 0 }])],
    [
      'with something else than the method asks for',
      { before: () => ({ tag: 'respond', val: { tag: 'tool-list', val: [] } }) },
    ],
  ] satisfies [string, FakePlugin][])('refuses an answer %s', async (_, plugin) => {
    const { chain } = setUp({ cache: plugin });
    const outcome = await chain.before(context(), 'tools/call', call);
    expect(outcome).toMatchObject({ kind: 'block', data: { plugin: 'cache', details: { cause: 'invalid_output' } } });
  });

  it('goes on to the plugins behind when an invalid answer is to be ignored', async () => {
    const { chain } = setUp({
      cache: { ...answers([{ tag: 'opaque', val: 0 }]), onError: everyCause('ignore') },
      next: appends('n'),
    });
    const outcome = await chain.before(context(), 'tools/call', call);
    expect(outcome).toEqual({ kind: 'proceed', params: { name: 'echo', arguments: { message: 'hin' } } });
  });

  it('checks the answer against the output schema, which is known only in after', async () => {
    const { chain } = setUp({ cache: { ...answers([]), onError: everyCause('ignore') } });
    const on = context();
    const before = await chain.before(on, 'tools/call', call);
    const answer = before.kind === 'respond' ? before.result : {};
    const after = await chain.after(on, 'tools/call', answer, {
      outputSchema: async () => ({ type: 'object' }),
    });
    expect(after).toMatchObject({ kind: 'block', data: { plugin: 'cache', details: { cause: 'invalid_output' } } });
    expect(on.receipts.calls[0]).toMatchObject({ outcome: 'failed', cause: 'invalid_output', hook: 'tool_pre_invoke' });
  });
});

describe('failure', () => {
  it.each(causes)('[HOOK-06] blocks on %s when on_error says deny, and names plugin and cause', async cause => {
    const { chain } = setUp({ a: appends('a'), bad: fails(cause), b: appends('b') });
    const on = context();
    const outcome = await chain.before(on, 'tools/call', call);
    expect(outcome).toMatchObject({
      kind: 'block',
      data: { plugin: 'bad', code: 'plugin_failed', details: { cause } },
    });
    // What a guest said when it failed is for the log.
    expect(JSON.stringify(outcome)).not.toContain('for the test');
    expect(on.receipts.calls.map(report => report.plugin)).toEqual(['a', 'bad']);
  });

  it.each(causes)('[HOOK-07] skips the plugin on %s when on_error says ignore', async cause => {
    const { chain, error } = setUp({
      a: appends('a'),
      bad: { ...fails(cause), onError: everyCause('ignore') },
      b: appends('b'),
    });
    const on = context();
    expect(await chain.before(on, 'tools/call', call)).toMatchObject({ params: { arguments: { message: 'hiab' } } });
    expect(on.receipts.calls.map(({ outcome }) => outcome)).toEqual(['modified', 'failed', 'modified']);
    expect(chain.plugins).toEqual(['a', 'bad', 'b']);
    expect(error).not.toHaveBeenCalled();
  });

  it.each(causes)(
    '[HOOK-08] takes the plugin out of the chain on %s when on_error says disable, and logs it',
    async cause => {
      const { chain, runner, error } = setUp({
        a: appends('a'),
        bad: { ...fails(cause), onError: everyCause('disable') },
      });
      await chain.before(context(), 'tools/call', call);
      expect(chain.plugins).toEqual(['a']);
      expect(error).toHaveBeenCalledOnce();
      expect(error.mock.calls[0]?.[0]).toMatchObject({ plugin: 'bad', cause });
      await chain.after(context(), 'tools/call', result);
      expect(runner.runs.at(-1)?.calls.map(({ plugin }) => plugin)).toEqual(['a']);
    },
  );

  it('no longer handles what only a disabled plugin had a hook for', async () => {
    const { chain } = setUp({ bad: { ...fails('trap'), onError: everyCause('disable') } });
    await chain.after(context(), 'tools/call', result);
    expect(chain.handles('after', 'tools/call')).toBe(false);
  });

  it('decides by the cause: goes on where the runner stopped on a failure that may be ignored', async () => {
    const onError = { ...everyCause('deny'), timeout: 'ignore' as const };
    const { chain, runner } = setUp({ a: appends('a'), bad: { ...fails('timeout'), onError }, b: appends('b') });
    expect(await chain.before(context(), 'tools/call', call)).toMatchObject({
      params: { arguments: { message: 'hiab' } },
    });
    expect(runner.runs.map(run => run.calls.map(({ plugin }) => plugin))).toEqual([['a', 'bad', 'b'], ['b']]);
  });

  it.each([
    ['deny', { kind: 'block', data: { plugin: 'bad', details: { cause: 'invalid_output' } } }],
    ['ignore', { kind: 'proceed', params: { arguments: { message: 'hiab' } } }],
    ['disable', { kind: 'proceed', params: { arguments: { message: 'hiab' } } }],
  ] as const)('[HOOK-09] treats what cannot be taken over as invalid_output: %s', async (action, expected) => {
    const { chain } = setUp({
      a: appends('a'),
      bad: { ...returnsGarbage, onError: everyCause(action) },
      b: {
        ...appends('b'),
        before: (request, shared) =>
          action === 'deny' ? { tag: 'proceed' } : (appends('b').before?.(request, shared) ?? { tag: 'proceed' }),
      },
    });
    const on = context();
    expect(await chain.before(on, 'tools/call', call)).toMatchObject(expected);
    expect(on.receipts.calls.find(({ plugin }) => plugin === 'bad')).toMatchObject({
      outcome: 'failed',
      cause: 'invalid_output',
      message: 'arguments is not JSON',
    });
    expect(chain.plugins.includes('bad')).toBe(action !== 'disable');
  });

  it.each([
    ['rejects', () => Promise.reject(new Error('lanes are closed'))],
    ['reports nothing', async () => ({ reports: [] })],
  ])('blocks when the runner %s', async (_, run) => {
    const plugin = denying('a');
    const chain = createHookChain({ plugins: [plugin], runner: { run }, log: silentLog() });
    expect(await chain.before(context(), 'tools/call', call)).toMatchObject({
      kind: 'block',
      data: { plugin: 'a', details: { cause: 'unavailable' } },
    });
  });

  it.each([
    ['a changed value', 'modified'],
    ['an answer', 'respond'],
  ] as const)('blocks when the runner reports %s and does not hand it over', async (_, outcome) => {
    const plugin = denying('a');
    const run = async () => ({ reports: [{ plugin: 'a', wallMs: 1, outcome }] });
    const chain = createHookChain({ plugins: [plugin], runner: { run }, log: silentLog() });
    expect(await chain.before(context(), 'tools/call', call)).toMatchObject({
      data: { plugin: 'a', details: { cause: 'invalid_output' } },
    });
  });

  it('lets an abort through, for it is not a failure of a plugin', async () => {
    const { chain } = setUp({ a: {} });
    await expect(chain.before(context(), 'tools/call', call, AbortSignal.abort())).rejects.toThrow('aborted');
  });

  it.each([
    ['no tool name', 'tools/call', {}],
    ['arguments that are a list', 'tools/call', { name: 'echo', arguments: [1] }],
    ['no prompt name', 'prompts/get', { name: 1 }],
    ['arguments of a prompt that are text', 'prompts/get', { name: 'p', arguments: 'x' }],
    ['no URI', 'resources/read', {}],
    ['arguments of 10,000 levels', 'tools/call', { name: 'echo', arguments: JSON.parse(deep(10_000)) }],
  ] as const)('[HOOK-10] blocks what cannot be shown to a plugin: %s', async (_, method, params) => {
    const { chain, runner } = setUp({ a: { onError: everyCause('ignore') } });
    const outcome = await chain.before(context(), method, params);
    expect(outcome).toMatchObject({ kind: 'block', data: { plugin: 'a', code: 'not_showable' } });
    expect(runner.runs).toHaveLength(0);
  });
});

describe('blobs', () => {
  const image = { type: 'image', data: 'aGk=', mimeType: 'image/png' };
  const sees = (seen: Content[][]): FakePlugin => ({
    after: response => {
      if (response.tag === 'tool-result') seen.push(response.val.content);
      return { tag: 'proceed' };
    },
  });

  it('[HOOK-11] shows bytes only to plugins that ask for them, in hops of their own', async () => {
    const [plain, full, last]: [Content[][], Content[][], Content[][]] = [[], [], []];
    const { chain, runner } = setUp({
      plain: sees(plain),
      full: { ...sees(full), seesBlobs: true },
      last: sees(last),
    });
    await chain.after(context(), 'tools/call', { content: [image] });
    expect(plain).toEqual([[{ tag: 'opaque', val: 0 }]]);
    expect(full).toEqual([[{ tag: 'blob', val: { mimeType: 'image/png', data: Buffer.from('hi') } }]]);
    expect(last).toEqual([[{ tag: 'opaque', val: 0 }]]);
    expect(runner.runs).toHaveLength(3);
  });

  it('needs one hop when there are no bytes to see', async () => {
    const { chain, runner } = setUp({ plain: {}, full: { seesBlobs: true } });
    await chain.after(context(), 'tools/call', result);
    expect(runner.runs).toHaveLength(1);
  });
});

describe('output schema', () => {
  const outputSchema = async () => ({ type: 'object', properties: { mail: { type: 'string' } }, required: ['mail'] });
  const structured = { content: [], structuredContent: { mail: 'a@b.example' } };
  const returns = (structuredContent: string | undefined, isError = false): FakePlugin => ({
    after: () => ({
      tag: 'modified',
      val: {
        tag: 'tool-result',
        val: { content: [], isError, ...(structuredContent !== undefined && { structuredContent }) },
      },
    }),
  });

  it.each([
    ['fits', '{"mail":"[redacted]"}', false, 'proceed'],
    ['breaks it', '{"mail":1}', false, 'block'],
    ['is gone', undefined, false, 'block'],
    ['is gone, from an error', undefined, true, 'proceed'],
  ] as const)(
    '[HOOK-12] is checked again when structuredContent was changed: it %s',
    async (_, text, isError, kind) => {
      const { chain } = setUp({ a: returns(text, isError) });
      expect(await chain.after(context(), 'tools/call', structured, { outputSchema })).toMatchObject({ kind });
    },
  );

  it('[HOOK-31] is not held against a plugin where it cannot be used, which is logged once', async () => {
    const { chain, warn } = setUp({ a: returns('{"mail":"x"}') });
    const odd = async () => ({ properties: { mail: { pattern: '(' }, n: { $ref: '#/$defs/none' } } });
    for (const _ of [1, 2]) {
      const outcome = await chain.after(context(), 'tools/call', structured, { tool: 'send', outputSchema: odd });
      expect(outcome).toMatchObject({ kind: 'proceed', result: { structuredContent: { mail: 'x' } } });
    }
    const gaps = expect.stringMatching(/^#\/properties\/mail\/pattern: .*; #\/properties\/n\/\$ref: /);
    expect(warn.mock.calls).toEqual([[{ upstream: 'mail', tool: 'send', gaps }, expect.any(String)]]);
  });

  it('blames the last plugin that changed the result', async () => {
    const { chain } = setUp({ a: returns('{"mail":""}'), b: returns('{}'), c: {} });
    const on = context();
    const outcome = await chain.after(on, 'tools/call', structured, { outputSchema });
    expect(outcome).toMatchObject({ kind: 'block', data: { plugin: 'b' } });
    expect(on.receipts.calls.map(report => report.outcome)).toEqual(['modified', 'failed', 'proceed']);
  });

  it('is looked up again before a plugin is blamed [GW-29]', async () => {
    const { chain } = setUp({ a: returns('{"mail":"x"}') });
    const now = { type: 'object', properties: { mail: { maxLength: 1 } } };
    const before = { type: 'object', properties: { mail: { minLength: 5 } } };
    const asked: boolean[] = [];
    const changed = async (again: boolean) => {
      asked.push(again);
      return again ? now : before;
    };
    expect(await chain.after(context(), 'tools/call', structured, { outputSchema: changed })).toMatchObject({
      kind: 'proceed',
    });
    expect(asked).toEqual([false, true]);
  });

  it('is not looked up for a result that no plugin changed', async () => {
    const { chain } = setUp({ a: {} });
    const lookup = () => Promise.reject(new Error('looked up'));
    expect(await chain.after(context(), 'tools/call', structured, { outputSchema: lookup })).toMatchObject({
      kind: 'proceed',
    });
  });

  it('is the business of the upstream when no plugin changed structuredContent', async () => {
    const { chain } = setUp({ a: appends('!') });
    const broken = { ...result, structuredContent: { mail: 1 } };
    expect(await chain.after(context(), 'tools/call', broken, { outputSchema })).toMatchObject({
      kind: 'proceed',
      result: { structuredContent: { mail: 1 } },
    });
  });
});

function deep(levels: number): string {
  return `${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`;
}

describe.each(['deny', 'ignore', 'disable'] as const)('[HOOK-90] a failure at on_error: %s', action => {
  it.each(causes)('leaves a line with what its author needs: %s', async cause => {
    const { chain, warn } = setUp({ bad: { ...fails(cause), onError: everyCause(action) } });
    await chain.before(context(), 'tools/call', call);
    expect(warn.mock.calls).toEqual([
      [
        {
          ...{ plugin: 'bad', hook: 'tool_pre_invoke', request: 'r1', binding: 'support', upstream: 'mail' },
          ...{ cause, on_error: action, reason: `a ${cause} for the test` },
        },
        'a plugin failed',
      ],
    ]);
  });
});

it('[HOOK-90] a plugin that answers what breaks the output schema leaves a line that says where', async () => {
  const val = { content: [], structuredContent: '{"a":1}', isError: false };
  const answer: Response = { tag: 'tool-result', val };
  const { chain, warn } = setUp({ bad: { before: () => ({ tag: 'respond', val: answer }) } });
  const on = context();
  const outcome = await chain.before(on, 'tools/call', call);
  if (outcome.kind !== 'respond') throw new Error(outcome.kind);
  const outputSchema = async () => ({ type: 'object', properties: { a: { type: 'string' } } });
  await chain.after(on, 'tools/call', outcome.result, { outputSchema });
  expect(warn).toHaveBeenCalledExactlyOnceWith(
    expect.objectContaining({ plugin: 'bad', cause: 'invalid_output', reason: expect.stringContaining('at #/a') }),
    'a plugin failed',
  );
});

describe('modes and conditions', () => {
  const blocks: FakePlugin = {
    before: () => ({ tag: 'block', val: { code: 'NO', reason: 'No.', description: 'Not today.' } }),
  };

  it('[HOOK-95] a block of a permissive plugin is recorded, and later plugins still count', async () => {
    const { chain } = setUp({ audit: { ...blocks, mode: 'permissive' }, next: appends('1') });
    const on = context();
    const outcome = await chain.before(on, 'tools/call', call);
    expect(outcome).toEqual({ kind: 'proceed', params: { name: 'echo', arguments: { message: 'hi1' } } });
    expect(on.receipts.calls.map(receiptLine)).toMatchObject([
      { plugin: 'audit', outcome: 'would_block', code: 'NO', reason: 'No.' },
      { plugin: 'next', outcome: 'modified' },
    ]);
    expect(on.receipts.calls.map(countedOutcome)).toEqual(['would_block', 'modified']);
  });

  it('[HOOK-95] changes and failures of a permissive plugin count', async () => {
    const permissive = { mode: 'permissive' } as const;
    const { chain } = setUp({
      changes: { ...appends('1'), ...permissive },
      broken: { ...fails('trap'), ...permissive },
    });
    expect(await chain.before(context(), 'tools/call', call)).toMatchObject({
      kind: 'block',
      data: { plugin: 'broken', details: { cause: 'trap' } },
    });
    const alone = setUp({ changes: { ...appends('1'), ...permissive } });
    expect(await alone.chain.before(context(), 'tools/call', call)).toMatchObject({
      params: { arguments: { message: 'hi1' } },
    });
  });

  const only = (condition: Condition) => ({ matches: compileConditions([condition], 'support') as Test });

  it('[HOOK-94] a plugin whose conditions do not match is not called, and leaves no receipt', async () => {
    const { chain, runner } = setUp({
      other: { ...appends('x'), ...only({ tools: ['other'] }) },
      image: {
        ...appends('y'),
        hooks: new Set(['tool_post_invoke'] as const),
        ...only({ content_types: ['image/*'] }),
      },
    } as Record<string, Entry>);
    const on = { ...context(), target: 'echo' };
    expect(chain.handles('before', 'tools/call')).toBe(true);
    expect(chain.handles('before', 'tools/call', on)).toBe(false);
    expect(await chain.before(on, 'tools/call', call)).toEqual({ kind: 'proceed', params: call });
    expect(await chain.after(on, 'tools/call', result)).toEqual({ kind: 'proceed', result });
    expect(on.receipts.calls).toEqual([]);
    expect(runner.runs).toHaveLength(0);
  });

  it('[HOOK-94] a call that a plugin turns into one of another tool passes the plugins of that tool', async () => {
    const { chain } = setUp({
      renames: {
        before: request =>
          request.tag === 'tool-call'
            ? { tag: 'modified', val: { ...request, val: { ...request.val, name: 'secret' } } }
            : { tag: 'proceed' },
        onError: { ...everyCause('deny'), invalid_output: 'ignore' },
      },
      guard: { ...blocks, ...only({ tools: ['secret'] }) },
    } as Record<string, Entry>);
    expect(await chain.before(context(), 'tools/call', call)).toMatchObject({
      kind: 'block',
      data: { plugin: 'guard' },
    });
  });
});
