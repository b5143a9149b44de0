import { expect, it } from 'vitest';
import { callContext, calls, toolCall } from '../../../test/fixtures/hook-calls.ts';
import type { ChainInput, HookRunner } from '../contract/hook-call.ts';
import { composeRuns } from './compose-runs.ts';
import { CallLists } from './wasm/lane/wire.ts';

it('[SBX-82] 1,500 runs of one list over two pools send each pool one list, and no job whole', async () => {
  const poolOf = (lists: CallLists, whole: number[]): HookRunner => ({
    run: async input => {
      whole.push(lists.pack([{ id: 1, input }], lists.size).whole.length);
      return { reports: input.calls.map(({ plugin }) => ({ plugin, wallMs: 0, outcome: 'proceed' })) };
    },
  });
  const lists = { shared: new CallLists(), dedicated: new CallLists() };
  const whole: number[] = [];
  const shared = poolOf(lists.shared, whole);
  const dedicated = poolOf(lists.dedicated, whole);
  const run = composeRuns(plugin => (plugin === 'c' ? dedicated : shared));
  const input: ChainInput = {
    ...{ stage: 'before', context: callContext, calls: calls('a', 'b', 'c') },
    value: toolCall({}),
  };
  for (let request = 0; request < 1_500; request += 1) await run({ ...input });
  expect([lists.shared.size, lists.dedicated.size]).toEqual([1, 1]);
  expect(whole).toHaveLength(3_000);
  expect(whole.every(count => count === 0)).toBe(true);
});
