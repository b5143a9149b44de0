import { expect, it } from 'vitest';
import { guestDescriptor } from '../../../../test/fixtures/guest-descriptor.ts';
import { difference, differencesOf } from './difference.ts';
import { formatCases } from './format-cases.ts';

const told = (...differences: ReturnType<typeof difference>[]) => {
  const result = { name: 'x', file: 'a.json', passed: false, differences, came: [], wall_ms: 1, memory_bytes: 0 };
  return formatCases(guestDescriptor('x'), [result], {}).split('\n').slice(2, -2);
};

it('[AUT-88] what was logged stands on lines of its own, below what came', () => {
  const got = {
    ...{ outcome: 'failed', cause: 'trap', message: 'it ended' },
    log: [
      { level: 'error', message: 'panic: boom\n\tmain.go:3\u001b[2J' },
      { level: 'info', message: 'before' },
    ],
  };
  expect(told(difference('outcome', 'proceed', got))).toEqual([
    '        outcome',
    '          expected "proceed"',
    '          got      {"outcome":"failed","cause":"trap","message":"it ended"}',
    '          log      error panic: boom',
    '                             main.go:3 [2J',
    '                   info before',
  ]);
});

it('[AUT-88] a text that is a part of what came gets the hint that the whole text is compared', () => {
  expect(told(...differencesOf('hidden', 'it is hidden', 'violation.reason')).at(-1)).toContain(
    'the whole text is compared',
  );
  expect(told(...differencesOf('shown', 'it is hidden', 'violation.reason'))).toHaveLength(3);
});
