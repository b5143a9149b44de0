import { expect, it } from 'vitest';
import { failoverTable, measureFailover } from './failover.ts';

it('[RUN-115] measures what calls meet while one of three servers is killed and started again', async () => {
  const connections = 4;
  const phases = await measureFailover({ connections, seconds: 1 });
  expect(phases.map(({ phase }) => phase)).toEqual([
    ...['three servers', 'one of them is killed', 'it is started again', 'three servers again'],
  ]);
  for (const { calls, failed } of phases) {
    expect(calls).toBeGreaterThan(10);
    // Each connection has one call running, which the killed server may have executed.
    expect(Object.keys(failed).every(code => code === 'upstream_closed')).toBe(true);
    expect(Object.values(failed).reduce((sum, each) => sum + each, 0)).toBeLessThanOrEqual(connections);
  }
  expect(failoverTable(phases).rows).toHaveLength(4);
});
