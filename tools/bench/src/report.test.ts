import { expect, it } from 'vitest';
import type { Row } from './bench.ts';
import { budgetTable, measuredTable } from './report.ts';

const row = (name: string, rps: number, cpu: number): Row => ({
  ...{ name, size: 200, connections: 32, rps, p50_ms: 1.234, p99_ms: 5, rss_mb: 90.4 },
  ...{ cpu_us_per_request: cpu, main_cpu_us_per_request: cpu / 2 },
});
const rows = [row('proxy', 20_000, 50), row('gateway', 15_000, 60), row('gateway+5-js', 5000, 260)];

it('puts what was measured beside the bounds', () => {
  expect(budgetTable(rows)).toBe(
    [
      '                                     size  connections        measured   bound',
      'gateway / proxy, req/s              200 B           32            0.75  ≥ 0.75',
      'added by 5 QuickJS plugins, CPU µs  200 B           32  200 (main 100)   ≤ 200',
      '',
    ].join('\n'),
  );
});

it('tells all figures', () => {
  expect(measuredTable(rows)).toContain('gateway+5-js  200 B           32   5000');
});
