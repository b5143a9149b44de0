import { describe, expect, it, vi } from 'vitest';
import type { Decision, Request } from '../contract/generated/types.js';
import type { ChainInput, ChainOutput, FailureCause, HookRunner } from '../contract/hook-call.ts';
import { Fault } from '../core/fault.ts';
import { silentLog } from '../core/log.ts';
import type { HookContext } from './hook-chain.ts';
import { PluginHealth } from './plugin-health.ts';
import { createPolicy } from './policy.ts';
import { countedOutcome, Receipts } from './receipt.ts';

const violation = { code: 'NO', reason: 'because', description: 'a rule' };
const allow: Decision = { tag: 'allow' };
const deny: Decision = { tag: 'deny', val: violation };
const causes: readonly FailureCause[] = ['trap', 'timeout', 'limit', 'invalid_output', 'unavailable'];

type Rule = (request: Request) => Decision | FailureCause;

const nameIn = ({ val }: Request) => ('name' in val ? val.name : val.uri);
const named =
  (names: readonly string[], decision: Decision | FailureCause): Rule =>
  request =>
    names.includes(nameIn(request)) ? decision : allow;

/** Runs rules instead of plugins. */
function runnerOf(rules: Readonly<Record<string, Rule>>) {
  const inputs: ChainInput[] = [];
  const run = async (input: ChainInput): Promise<ChainOutput> => {
    inputs.push(input);
    const [{ plugin } = { plugin: '' }] = input.calls;
    const rule = rules[plugin] ?? (() => allow);
    const all = (input.stage === 'decideMany' ? input.value : [input.value as Request]).map(rule);
    const cause = all.find(each => typeof each === 'string');
    const report = { plugin, wallMs: 1 };
    if (cause !== undefined) return { reports: [{ ...report, outcome: 'failed', cause, message: 'for the test' }] };
    const decisions = all as Decision[];
    const [first = allow] = decisions;
    if (input.stage === 'decideMany') return { reports: [{ ...report, outcome: 'proceed' }], decisions };
    if (first.tag === 'allow') return { reports: [{ ...report, outcome: 'proceed' }] };
    return { reports: [{ ...report, outcome: 'block', violation: first.val }] };
  };
  return { run, inputs };
}

const context = (): HookContext => ({
  ...{ requestId: 'r-1', binding: 'main', upstream: 'mail', tenant: 'one', subject: 'ada', scopes: ['mail:read'] },
  receipts: new Receipts(),
});

function open(rules: Readonly<Record<string, Rule>>, runner: HookRunner = runnerOf(rules), permissive = '') {
  const health = () => new PluginHealth('p', silentLog(), { failures: 2, openMs: 60_000 });
  const modeOf = (id: string) => (id === permissive ? ('permissive' as const) : ('enforce' as const));
  const plugins = Object.keys(rules).map(id => ({ id, mode: modeOf(id), health: health() }));
  const on = context();
  const policy = createPolicy({ plugins, runner, log: silentLog() });
  const decide = (name: string) => policy.decide(on, 'tools/call', { name, arguments: { n: 1 } });
  const listed = async (...names: string[]) => {
    const denials = await policy.decideMany(on, 'tools/list', 'tools', names);
    return names.filter((_, place) => denials[place] === undefined);
  };
  return { policy, on, decide, listed };
}

it('[AUD-36] the receipt of a list has how many entries a policy denied, also in permissive mode', async () => {
  for (const [permissive, outcomes] of [
    ['', ['proceed', 'proceed', 'proceed']],
    ['a', ['block', 'proceed', 'proceed']],
  ] as const) {
    const { listed, on } = open(
      { a: named(['x', 'y'], deny), b: named(['y', 'z'], deny), c: () => allow },
      undefined,
      permissive,
    );
    await listed('x', 'y', 'z', 'other');
    const receipts = on.receipts.calls;
    expect(receipts.map(({ outcome }) => outcome)).toEqual(outcomes);
    // An entry that one policy hid is not shown to the next one.
    expect(receipts.map(({ denied }) => denied)).toEqual([2, permissive === '' ? 1 : 2, undefined]);
  }
});

describe('[HOOK-150] a request', () => {
  it('is allowed only if every policy allows it, and denied with the violation of the first that does not', async () => {
    const { decide, on } = open({
      a: named(['x'], deny),
      b: named(['x', 'y'], { ...deny, val: { ...violation, code: 'B' } }),
    });
    expect(await decide('z')).toBeUndefined();
    expect(await decide('x')).toEqual({ plugin: 'a', ...violation });
    expect(await decide('y')).toEqual({ plugin: 'b', ...violation, code: 'B' });
    expect(on.receipts.calls.map(({ plugin, hook, outcome }) => `${plugin} ${hook} ${outcome}`)).toEqual([
      ...['a policy_decide proceed', 'b policy_decide proceed', 'a policy_decide block'],
      ...['a policy_decide proceed', 'b policy_decide block'],
    ]);
  });

  it('is shown as it will be sent, with method, caller and scopes', async () => {
    const runner = runnerOf({});
    await open({ a: () => allow }, runner).decide('x');
    expect(runner.inputs).toMatchObject([
      {
        ...{ stage: 'decide', calls: [{ plugin: 'a', stopOnBlock: true, stopOnFailure: true }] },
        value: { tag: 'tool-call', val: { name: 'x', arguments: '{"n":1}' } },
        context: { requestId: 'r-1', method: 'tools/call', tenant: 'one', subject: 'ada', scopes: ['mail:read'] },
      },
    ]);
  });
});

describe('[HOOK-151] a policy that fails denies', () => {
  it.each(causes)('by %s', async cause => {
    const { decide, listed } = open({ a: named(['x'], cause) });
    expect(await decide('x')).toMatchObject({ plugin: 'a', code: 'plugin_failed', details: { cause } });
    expect(await decide('y')).toBeUndefined();
    expect(await listed('x', 'y')).toEqual([]);
    expect(await listed('y', 'z')).toEqual(['y', 'z']);
  });

  it.each<[what: string, output: ChainOutput]>([
    ['no report', { reports: [] }],
    ['an outcome of a transform', { reports: [{ plugin: 'a', wallMs: 1, outcome: 'modified' }] }],
    ['fewer decisions', { reports: [{ plugin: 'a', wallMs: 1, outcome: 'proceed' }], decisions: [] }],
  ])('where it returns %s', async (_, output) => {
    const { decide, listed } = open({ a: () => allow }, { run: async () => output });
    if (output.decisions === undefined) expect(await decide('x')).toMatchObject({ code: 'plugin_failed' });
    expect(await listed('x')).toEqual([]);
  });

  it('where it is not loaded, or its lanes are closed', async () => {
    const missing = createPolicy({ plugins: [{ id: 'gone' }], runner: runnerOf({}), log: silentLog() });
    const denied = { plugin: 'gone', code: 'plugin_failed', details: { cause: 'unavailable' } };
    expect(await missing.decide(context(), 'tools/call', { name: 'x' })).toMatchObject(denied);
    expect(await missing.decideMany(context(), 'tools/list', 'tools', ['x'])).toMatchObject([denied]);
    const closed = vi.fn(async () => Promise.reject(new Error('closed')));
    expect(await open({ a: () => allow }, { run: closed }).decide('x')).toMatchObject({ code: 'plugin_failed' });
  });

  it('where its breaker holds it back, without a call', async () => {
    const runner = runnerOf({ a: () => 'trap' });
    const { decide } = open({ a: () => 'trap' }, runner);
    for (let time = 0; time < 4; time += 1) expect(await decide('x')).toMatchObject({ code: 'plugin_failed' });
    expect(runner.inputs).toHaveLength(2);
  });

  it('where the request cannot be shown to it', async () => {
    const { policy, on } = open({ a: () => allow });
    const odd = { name: 'x', arguments: [] };
    expect(await policy.decide(on, 'tools/call', odd)).toMatchObject({ code: 'not_showable' });
  });

  it('unless the gateway is too busy to ask it, which no plugin is blamed for', async () => {
    const busy = async () => Promise.reject(new Fault('overloaded'));
    const { decide, listed } = open({ a: () => allow }, { run: busy });
    await expect(decide('x')).rejects.toThrow(Fault);
    await expect(listed('x')).rejects.toThrow(Fault);
  });
});

describe('[HOOK-152] the entries of a list', () => {
  it('are decided together, each by every policy that has not been spared it', async () => {
    const runner = runnerOf({ a: named(['x'], deny), b: named(['y'], deny) });
    const { listed, on } = open({ a: () => allow, b: () => allow }, runner);
    expect(await listed('x', 'y', 'z')).toEqual(['z']);
    expect(runner.inputs.map(({ value }) => (value as Request[]).map(nameIn))).toEqual([
      ['x', 'y', 'z'],
      ['y', 'z'],
    ]);
    expect(runner.inputs[0]).toMatchObject({ stage: 'decideMany', context: { method: 'tools/list' } });
    expect(on.receipts.calls.map(({ hook, outcome }) => `${hook} ${outcome}`)).toEqual([
      'policy_decide_many proceed',
      'policy_decide_many proceed',
    ]);
  });

  it('are decided a few hundred at a time', async () => {
    const runner = runnerOf({});
    const { listed } = open({ a: () => allow }, runner);
    const names = Array.from({ length: 450 }, (_, index) => `t${index}`);
    expect(await listed(...names)).toEqual(names);
    expect(runner.inputs).toHaveLength(3);
    expect(await listed()).toEqual([]);
  });

  it.each([
    ['tools', 'tools/list', { tag: 'tool-call', val: { name: 'x', arguments: '{}' } }],
    ['prompts', 'prompts/list', { tag: 'prompt-get', val: { name: 'x', arguments: '{}' } }],
    ['resources', 'resources/templates/list', { tag: 'resource-read', val: { uri: 'x' } }],
    ['prompts', 'completion/complete', { tag: 'prompt-get', val: { name: 'x', arguments: '{}' } }],
  ] as const)('are shown as requests without arguments: %s of %s', async (kind, method, request) => {
    const runner = runnerOf({});
    await open({ a: () => allow }, runner).policy.decideMany(context(), method, kind, ['x']);
    expect(runner.inputs).toMatchObject([{ value: [request], context: { method } }]);
  });
});

describe('[HOOK-154] a permissive policy', () => {
  const openPermissive = (rules: Readonly<Record<string, Rule>>, runner?: HookRunner) => {
    const opened = open(rules, runner ?? runnerOf(rules), 'new');
    const counted = () =>
      opened.on.receipts.calls.map(receipt => `${receipt.plugin} ${receipt.hook} ${countedOutcome(receipt)}`);
    return { ...opened, counted };
  };

  it('denies nothing, what it would deny is recorded, and other policies decide', async () => {
    const { decide, counted } = openPermissive({ new: named(['x', 'y'], deny), old: named(['y'], deny) });
    expect(await decide('x')).toBeUndefined();
    expect(await decide('y')).toMatchObject({ plugin: 'old' });
    expect(counted()).toEqual([
      ...['new policy_decide would_block', 'old policy_decide proceed'],
      ...['new policy_decide would_block', 'old policy_decide block'],
    ]);
  });

  it.each(causes)('denies nothing when it fails by %s, which is recorded', async cause => {
    const { decide, listed, counted } = openPermissive({ new: () => cause });
    expect(await decide('x')).toBeUndefined();
    expect(await listed('x')).toEqual(['x']);
    expect(counted()).toEqual([`new policy_decide ${cause}`, `new policy_decide_many ${cause}`]);
  });

  it('hides no entry of a list, and leaves those of others to them', async () => {
    const rules = { new: named(['x'], deny), old: named(['y'], deny) };
    const { listed, counted } = openPermissive(rules);
    expect(await listed('x', 'y', 'z')).toEqual(['x', 'z']);
    expect(await listed('z')).toEqual(['z']);
    expect(counted()).toEqual([
      ...['new policy_decide_many would_block', 'old policy_decide_many proceed'],
      ...['new policy_decide_many proceed', 'old policy_decide_many proceed'],
    ]);
  });

  it('is not shown what cannot be shown, which is recorded as well', async () => {
    const { policy, on, counted } = openPermissive({ new: () => allow });
    expect(await policy.decide(on, 'tools/call', { name: 'x', arguments: [] })).toBeUndefined();
    expect(counted()).toEqual(['new policy_decide would_block']);
  });

  it('stays in the way of nothing while its breaker holds it back', async () => {
    const { decide } = openPermissive({ new: () => 'trap' });
    for (let time = 0; time < 4; time += 1) expect(await decide('x')).toBeUndefined();
  });
});
