import { expect, it } from 'vitest';
import type { Measured, Row } from './bench.ts';
import { asText } from './table.ts';
import { targetTable } from './targets.ts';

const row = (name: string, rps: number, cpu: number): Row => ({
  ...{ name, size: 200, connections: 32, rps, mean_ms: 1.5, p50_ms: 1.234, p99_ms: 5, rss_mb: 90.4 },
  ...{ cpu_us_per_request: cpu, main_cpu_us_per_request: cpu / 2, lanes_cpu_us_per_request: cpu / 4 },
});
const table = (measured: Partial<Measured>) => asText(targetTable({ rows: [], starts: [], loops: [], ...measured }));

it('[RUN-22] puts what was measured beside the targets', () => {
  const rows = [row('proxy', 20_000, 50), row('gateway', 15_000, 60), row('gateway+5-js', 5000, 260)];
  expect(table({ rows })).toBe(
    [
      '                                     size  connections  measured  target',
      'gateway / proxy, req/s              200 B           32      0.75  ≥ 0.85  missed',
      'gateway, RSS MB                     200 B           32        90   ≤ 150     met',
      'added by 5 QuickJS plugins, CPU µs  200 B           32       200',
      '  on the main thread                200 B           32       100',
      '',
    ].join('\n'),
  );
});

it('[RUN-22] counts the target of a latency at one connection', () => {
  const at = (connections: number) => ({
    rows: [
      { ...row('gateway', 1000, 100), connections, mean_ms: 0.5 },
      { ...row('gateway+4-real', 800, 200), connections, mean_ms: 0.8 },
    ],
  });
  expect(table(at(1))).toMatch(/^ {2}mean latency +200 B +1 +1\.60 +≤ 1\.80 +met$/m);
  expect(table(at(1))).toMatch(/^gateway\+4-real \/ gateway, req\/s +200 B +1 +0\.80$/m);
  expect(table(at(32))).toMatch(/^gateway\+4-real \/ gateway, req\/s +200 B +32 +0\.80 +≥ 0\.80 +met$/m);
});

it('[RUN-75] puts a gateway that has loaded much beside one that has loaded what it needs', () => {
  const rows = [row('gateway+5-rust', 10_000, 100), row('gateway+5of50-rust', 9500, 105)];
  expect(table({ rows })).toMatch(/^5 of 50 Rust plugins \/ 5 of 5, req\/s +200 B +32 +0\.95 +≥ 0\.90 +met$/m);
});

it('[RUN-22] compares five real plugins with ContextForge', () => {
  const rows = [row('gateway+5-real', 5000, 300), row('contextforge+5', 100, 9000)];
  expect(table({ rows })).toMatch(/^gateway\+5-real \/ contextforge\+5, req\/s +200 B +32 +50\.00 +≥ 40 +met$/m);
});

it('[RUN-22] judges starts and loops', () => {
  const starts = [{ language: 'rust' as const, start_ms: 1200, mib_per_plugin_and_lane: 0.7 }];
  const loops = [{ isolation: 'pooled' as const, stopped_after_ms: 12, others: 5000, failed: 0 }];
  const printed = table({ starts, loops });
  expect(printed).toMatch(/^start with 10 cached Rust plugins, ms +1200 +≤ 1000 +missed$/m);
  expect(printed).toMatch(/^ {2}MiB per plugin and lane +0\.70 +≤ 1 +met$/m);
  expect(printed).toMatch(/^looping plugin, pooled, ms beyond its deadline +12 +≤ 50 +met$/m);
  expect(printed).toMatch(/^ {2}failed of 5000 other requests +0 +≤ 0 +met$/m);
});
