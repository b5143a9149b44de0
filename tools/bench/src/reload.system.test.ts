import { expect, it } from 'vitest';
import { measureReload, reloadCallsTable, reloadTimesTable } from './reload.ts';

it('[RUN-145] a hundred reloads under load lose no call and leave nothing behind', { timeout: 600_000 }, async () => {
  const figures = await measureReload({
    ...{ reloads: 100, connections: 16, seconds: 1, samples: 10 },
    progress: () => {},
  });
  expect(figures.during.map(({ failed }) => failed)).toEqual(figures.during.map(() => ({})));
  expect(figures.during.reduce((sum, { calls }) => sum + calls, 0)).toBeGreaterThan(1_000);
  expect(figures.times.map(({ kind, times }) => [kind, times.length])).toEqual([
    ['plugin upgraded', 7],
    ['upstream added', 7],
    ['mode of a plugin', 13],
    ['nothing', 13],
    ['upstream changed', 12],
    ['limits', 12],
    ['binding added', 6],
    ['plugin added', 6],
    ['plugin downgraded', 6],
    ['upstream removed', 6],
    ['binding removed', 6],
    ['plugin removed', 6],
  ]);
  // A process that compiles for the first seconds gains memory whatever it does: `pnpm bench reload` weighs it.
  const counted = figures.held.courses.filter(({ figure }) => !figure.endsWith('_mb'));
  expect(counted.filter(({ grows }) => grows)).toEqual([]);
  expect(reloadCallsTable(figures).rows).toHaveLength(2);
  expect(reloadTimesTable(figures).rows).toHaveLength(12);
});
