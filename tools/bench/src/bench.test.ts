import { expect, it } from 'vitest';
import { runBench } from './bench.ts';

const names = ['upstream', 'proxy', 'gateway', 'gateway+1-js', 'gateway+5-js'];

it('[RUN-22] measures each way to the upstream with each size and number of connections', async () => {
  const rows = await runBench({ seconds: 0.1, rounds: 1, progress: () => {} });
  const cases = [200, 2048].flatMap(size =>
    [32, 1].flatMap(connections => names.map(name => ({ name, size, connections }))),
  );
  expect(rows.filter(row => row.name !== 'mcp-proxy')).toMatchObject(cases);
  for (const { name: _name, ...figures } of rows) {
    expect(Object.keys(figures)).toEqual([
      'size',
      'connections',
      'rps',
      'p50_ms',
      'p99_ms',
      'cpu_us_per_request',
      'main_cpu_us_per_request',
      'rss_mb',
    ]);
    for (const figure of Object.values(figures)) expect(figure).toBeGreaterThanOrEqual(0);
    expect(figures.rps).toBeGreaterThan(0);
  }
}, 180_000);
