import { expect, it } from 'vitest';
import { callContext, calls, toolCall, toolResult } from '../../../../../test/fixtures/hook-calls.ts';
import type { ChainInput, ChainOutput } from '../../../contract/hook-call.ts';
import { CallLists, packResults, unpackJobs, unpackResults } from './wire.ts';

const three = calls('a', 'b', 'c');
const bytes = { tag: 'blob' as const, val: { mimeType: 'image/png', data: Uint8Array.of(1, 2) } };
const odd = '\ud800 "quoted" \u2028 \0 😀';

it.each<[string, ChainInput, boolean]>([
  ['a call', { stage: 'before', context: callContext, calls: three, value: toolCall({ odd }) }, true],
  ['a result', { stage: 'after', context: callContext, calls: three, value: toolResult(odd) }, true],
  ['long text', { stage: 'after', context: callContext, calls: three, value: toolResult('x'.repeat(5000)) }, false],
  [
    'bytes',
    {
      ...{ stage: 'after', context: callContext, calls: three },
      value: { tag: 'tool-result', val: { content: [bytes], isError: true } },
    },
    false,
  ],
  [
    'state',
    {
      ...{ stage: 'before', context: callContext, calls: three, value: toolCall({}) },
      state: { local: new Map([['a', new Map([['k', odd]])]]), shared: new Map([['__proto__', 'v']]) },
    },
    true,
  ],
  [
    'long state',
    {
      ...{ stage: 'before', context: callContext, calls: three, value: toolCall({}) },
      state: { local: new Map([['a', new Map([['k', 'x'.repeat(5000)]])]]), shared: new Map() },
    },
    false,
  ],
])('[SBX-82] %s comes to a lane as it was sent', (_, input, isText) => {
  const lists = new CallLists();
  const told: (typeof three)[] = [];
  for (const id of [1, 2]) {
    const packed = structuredClone(lists.pack([{ id, input }], told.length));
    expect(packed.whole.length === 0).toBe(isText);
    told.push(...(packed.lists as (typeof three)[]));
    expect(unpackJobs(packed, told)).toEqual([{ id, input }]);
  }
  expect(told).toEqual(isText ? [three] : []);
});

const times = { wallMs: 0.25 };
const output = (more: Partial<ChainOutput>): ChainOutput => ({
  reports: [
    { plugin: 'a', ...times, outcome: 'proceed' },
    { plugin: 'b', ...times, cpuMs: 0.125, hostCalls: 3, fuel: 12, outcome: 'modified' },
    { plugin: 'c', ...times, outcome: 'failed', cause: 'trap', message: odd },
  ],
  ...more,
});
const logs = (['debug', 'info', 'warn', 'error'] as const).map(level => ({ plugin: 'b', level, message: odd }));
const blocked = { code: 'A', reason: odd, description: '' };

it.each<[string, ChainOutput, object, boolean]>([
  ['nothing changed', output({}), {}, true],
  ['a change, and lines', output({ value: toolResult(odd) }), { records: { logs, notes: [] } }, true],
  ['a block', { reports: [{ plugin: 'a', ...times, outcome: 'block', violation: blocked }] }, {}, true],
  ['an answer', output({ answer: toolResult(odd) }), {}, false],
  ['state', output({ state: { local: new Map(), shared: new Map([['k', odd]]) } }), {}, true],
  ['a change, and state', output({ value: toolResult(odd), state: { local: new Map(), shared: new Map() } }), {}, true],
  ['long state', output({ state: { local: new Map(), shared: new Map([['k', 'x'.repeat(5000)]]) } }), {}, false],
  ['notes', output({}), { records: { logs, notes: [{ plugin: 'a', capability: 'metrics', said: 5n }] } }, false],
])('[SBX-82] %s comes back from a lane as it was', (_, result, more, isText) => {
  const whole = { id: 7, output: result, ...more };
  const packed = structuredClone(packResults([[whole, three]]));
  expect(packed.whole.length === 0).toBe(isText);
  expect(unpackResults(packed, () => three)).toEqual([whole]);
});

it('[SBX-82] a result of calls that nobody asked for is nobody’s', () => {
  const packed = packResults([[{ id: 7, output: output({}), records: { logs, notes: [] } }, three]]);
  const [result] = unpackResults(packed, () => []);
  expect(result?.output.reports.slice(0, 2).map(({ plugin }) => plugin)).toEqual(['', '']);
  expect(result?.records?.logs.every(({ plugin }) => plugin === '')).toBe(true);
});
