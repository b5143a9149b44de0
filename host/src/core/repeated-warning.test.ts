import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createLog } from './log.ts';
import { RepeatedWarning } from './repeated-warning.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it('[RUN-106] writes few lines of each kind, and then how many there were', () => {
  const lines: Record<string, unknown>[] = [];
  const log = createLog('info', { write: (line: string) => void lines.push(JSON.parse(line)) });
  const warning = new RepeatedWarning(log, 'failed', { most: 2, periodMs: 1_000 });
  for (const id of [1, 2, 3, 4]) warning.write('a', { id });
  warning.write('b', { id: 5 });
  expect(lines.map(({ id }) => id)).toEqual([1, 2, 5]);
  vi.advanceTimersByTime(1_000);
  expect(lines.slice(3)).toMatchObject([{ level: 40, msg: 'failed', id: 4, suppressed: 2 }]);
  warning.write('a', { id: 6 });
  expect(lines.at(-1)).toMatchObject({ id: 6 });
  vi.advanceTimersByTime(1_000);
  expect(lines).toHaveLength(5);
});
