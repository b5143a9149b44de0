import { expect, it } from 'vitest';
import type { FailureAction } from '../contract/hook-call.ts';
import { hookNames } from '../contract/hook-name.ts';
import { everyCause } from '../contract/hook-policy.ts';
import { silentLog } from '../core/log.ts';
import { compileConditions, type Test } from './condition.ts';
import type { HookedPlugin } from './hook-chain.ts';
import { Plan } from './plan.ts';
import { PluginHealth } from './plugin-health.ts';

const plugin = (id: string, fields: Partial<HookedPlugin> & { readonly action?: FailureAction } = {}): HookedPlugin => {
  const { action = 'deny', ...rest } = fields;
  const onError = everyCause(action);
  const health = new PluginHealth(id, silentLog());
  return { id, hooks: new Set(hookNames), priority: 0, onError, seesBlobs: false, health, ...rest };
};

/** The hops of a whole pass, each as the ids of its plugins. */
function hops(plugins: readonly HookedPlugin[], hasBlobs = false): readonly string[] {
  const plan = new Plan(plugins).of('tool_pre_invoke');
  const found: string[] = [];
  for (let at = 0; ; ) {
    const hop = plan?.hopFrom(at, () => hasBlobs);
    if (hop === undefined) return found;
    found.push(hop.plugins.map(({ id }) => id).join(hop.members === undefined ? '+' : '|'));
    at = Number(hop.places.at(-1)) + 1;
  }
}

const inBand = (id: string, priority: number) => plugin(id, { priority, isInBand: true });

const disabled = (id: string) => {
  const made = plugin(id);
  made.health.disable('trap', 'for the test');
  return made;
};

it.each<{ what: string; plugins: readonly HookedPlugin[]; hasBlobs?: boolean; expected: readonly string[] }>([
  { what: 'no plugin', plugins: [], expected: [] },
  { what: 'alike plugins', plugins: [plugin('a'), plugin('b')], expected: ['a+b'] },
  {
    what: 'priorities',
    plugins: [plugin('late', { priority: 9 }), plugin('early', { priority: 1 })],
    expected: ['early+late'],
  },
  {
    what: 'one whose invalid output does not block',
    plugins: [plugin('a'), plugin('b', { action: 'ignore' }), plugin('c'), plugin('d')],
    expected: ['a', 'b', 'c+d'],
  },
  {
    what: 'one that is shown bytes, and bytes',
    plugins: [plugin('a'), plugin('b', { seesBlobs: true }), plugin('c')],
    hasBlobs: true,
    expected: ['a', 'b', 'c'],
  },
  {
    what: 'one that is shown bytes, and none',
    plugins: [plugin('a'), plugin('b', { seesBlobs: true })],
    expected: ['a+b'],
  },
  {
    what: 'a band between others, in which each has a hop of its own',
    plugins: [plugin('a'), inBand('b', 1), inBand('c', 1), plugin('d', { priority: 2 })],
    expected: ['a', 'b|c', 'd'],
  },
  {
    what: 'bands of different priorities',
    plugins: [inBand('a', 1), inBand('b', 1), inBand('c', 2), inBand('d', 2)],
    expected: ['a|b', 'c|d'],
  },
  {
    what: 'one of an equal priority that is not stated',
    plugins: [inBand('a', 1), inBand('b', 1), plugin('c', { priority: 1 }), inBand('d', 1)],
    expected: ['a|b', 'c+d'],
  },
  { what: 'bands of one', plugins: [inBand('a', 1), inBand('b', 2), inBand('c', 3)], expected: ['a+b+c'] },
  { what: 'a disabled one in a band', plugins: [inBand('a', 1), disabled('b'), inBand('c', 1)], expected: ['a|c'] },
  { what: 'a disabled one in the middle', plugins: [plugin('a'), disabled('b'), plugin('c')], expected: ['a+c'] },
  { what: 'a disabled one at an end', plugins: [disabled('a'), plugin('b'), disabled('c')], expected: ['b'] },
  {
    what: 'one without the hook',
    plugins: [plugin('a'), plugin('b', { hooks: new Set(['tool_list']) }), plugin('c')],
    expected: ['a+c'],
  },
])('[HOOK-02] the hops of a chain with $what', ({ plugins, hasBlobs, expected }) => {
  expect(hops(plugins, hasBlobs)).toEqual(expected);
});

it.each(['deny', 'ignore', 'disable'] as const)(
  '[HOOK-93] 1,500 calls share one list of calls a hop: on_error %s',
  action => {
    const plan = new Plan([plugin('a'), plugin('b', { action }), plugin('c')]).of('tool_pre_invoke');
    const lists = new Set<unknown>();
    for (let request = 0; request < 1_500; request += 1) {
      for (
        let hop = plan?.hopFrom(0, () => false);
        hop;
        hop = plan?.hopFrom(Number(hop.places.at(-1)) + 1, () => false)
      ) {
        lists.add(hop.calls);
      }
    }
    expect(lists.size).toBe(action === 'deny' ? 1 : 3);
  },
);

it('[HOOK-08] a plugin that one binding disabled is called in none', () => {
  const [first, second] = [plugin('a'), plugin('b')];
  const other = new Plan([second]).of('tool_pre_invoke');
  expect(other?.isActive(undefined)).toBe(true);
  second.health.disable('trap', 'for the test');
  expect(other?.isActive(undefined)).toBe(false);
  expect(hops([first, second])).toEqual(['a']);
});

it('[HOOK-94] plugins whose conditions do not match are in no hop, and the others share one', () => {
  const only = (tool: string) => ({ matches: compileConditions([{ tools: [tool] }], 'main') as Test });
  const plan = new Plan([plugin('a'), plugin('b', only('other')), plugin('c'), plugin('d', only('echo'))]).of(
    'tool_pre_invoke',
  );
  const about = (target: string) => ({ method: 'tools/call' as const, upstream: 'mail', target });
  const ids = (target: string) => plan?.hopFrom(0, () => false, about(target))?.plugins.map(({ id }) => id);
  expect([ids('echo'), ids('other'), ids('third')]).toEqual([
    ['a', 'c', 'd'],
    ['a', 'b', 'c'],
    ['a', 'c'],
  ]);
  expect(plan?.hopFrom(0, () => false, about('echo'))).toBe(plan?.hopFrom(0, () => false, about('echo')));
});
