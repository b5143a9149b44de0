import { expect, it } from 'vitest';
import { logLevels, mostVerbose, severity } from './log-level.ts';

it('orders levels from debug to emergency, and knows no others', () => {
  expect(logLevels.map(severity)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  expect([undefined, 'trace', 'DEBUG', '', 1].map(severity)).toEqual([-1, -1, -1, -1, -1]);
});

it.each([
  { levels: [], level: undefined },
  { levels: [undefined, undefined], level: undefined },
  { levels: ['error', undefined], level: 'error' },
  { levels: ['error', 'info', 'warning'], level: 'info' },
])('sends to all what the most verbose of $levels wants: $level', ({ levels, level }) => {
  expect(mostVerbose(levels)).toBe(level);
});
