import { expect, it } from 'vitest';
import type { Row } from './bench.ts';
import { comparisonTable, courseTable, holdingTable, measuredTable, startTable, targetTable } from './report.ts';

const row = (name: string, rps: number, cpu: number): Row => ({
  ...{ name, size: 200, connections: 32, rps, mean_ms: 1.5, p50_ms: 1.234, p99_ms: 5, rss_mb: 90.4 },
  ...{ cpu_us_per_request: cpu, main_cpu_us_per_request: cpu / 2, lanes_cpu_us_per_request: cpu / 4 },
});
const start = (start_ms: number) => ({ language: 'rust' as const, start_ms, mib_per_plugin_and_lane: 1.5 });
const rows = [row('proxy', 20_000, 50), row('gateway', 15_000, 60), row('gateway+5-js', 5000, 260)];

it('[RUN-22] puts what was measured beside the targets', () => {
  expect(targetTable(rows)).toBe(
    [
      '                                     size  connections  measured  target',
      'gateway / proxy, req/s              200 B           32      0.75  ≥ 0.85',
      'gateway, RSS MB                     200 B           32        90   ≤ 150',
      'added by 5 QuickJS plugins, CPU µs  200 B           32       200',
      '  on the main thread                200 B           32       100',
      '',
    ].join('\n'),
  );
});

it('[RUN-22] counts the target of a latency at one connection', () => {
  const at = (connections: number) => [
    { ...row('gateway', 1000, 100), connections, mean_ms: 0.5 },
    { ...row('gateway+4-real', 800, 200), connections, mean_ms: 0.8 },
  ];
  expect(targetTable(at(1))).toMatch(/^ {2}mean latency +200 B +1 +1\.60 +≤ 1\.80$/m);
  expect(targetTable(at(1))).toMatch(/^gateway\+4-real \/ gateway, req\/s +200 B +1 +0\.80$/m);
  expect(targetTable(at(32))).toMatch(/^gateway\+4-real \/ gateway, req\/s +200 B +32 +0\.80 +≥ 0\.80$/m);
});

it('tells all figures', () => {
  expect(measuredTable(rows)).toContain('gateway+5-js  200 B           32   5000');
  expect(startTable([start(700)])).toMatch(/^Rust +700 {2}≤ 1000 +1.50 +≤ 1$/m);
});

it('tells what changed since an earlier run', () => {
  const before = { rows: [row('gateway', 10_000, 80), row('gone', 1, 1)], starts: [start(1000)] };
  expect(comparisonTable({ rows, starts: [start(700)] }, before)).toBe(
    [
      'change    size  connections  req/s  p50  p99  CPU/req  of it main  RSS',
      'gateway  200 B           32   +50%  +0%  +0%     -25%        -25%  +0%',
      '',
      'change  start  memory per plugin and lane',
      'Rust     -30%                         +0%',
      '',
    ].join('\n'),
  );
});

it('[RUN-75] puts a gateway that has loaded much beside one that has loaded what it needs', () => {
  const table = targetTable([row('gateway+5-rust', 10_000, 100), row('gateway+5of50-rust', 9500, 105)]);
  expect(table).toMatch(/^5 of 50 Rust plugins \/ 5 of 5, req\/s +200 B +32 +0\.95 +≥ 0\.90$/m);
});

it('[RUN-76] tells what a gateway held in a soak, and what of it grows', () => {
  const held = { calls: 500, rss_mb: 300.12, heap_mb: 40, plugins_mb: 9, threads: 14, files: 70, resources: 23 };
  expect(holdingTable([held])).toMatch(/^500 +300\.1 +40\.0 +9\.0 +14 +70 +23$/m);
  const courses = [{ figure: 'threads' as const, first: 14, last: 15, bound: 14, grows: true }];
  expect(courseTable(courses)).toMatch(/^threads +14\.0 +15\.0 +≤ 14\.0 +grows$/m);
});
