import { expect, it } from 'vitest';
import type { Row } from './bench.ts';
import { comparisonTables, courseTable, holdingTable, measuredTables, slopeTable } from './report.ts';
import { asMarkdown, asText } from './table.ts';

const row = (name: string, rps: number, cpu: number): Row => ({
  ...{ name, size: 200, connections: 32, rps, mean_ms: 1.5, p50_ms: 1.234, p99_ms: 5, rss_mb: 90.4 },
  ...{ cpu_us_per_request: cpu, main_cpu_us_per_request: cpu / 2, lanes_cpu_us_per_request: cpu / 4 },
});
const start = (start_ms: number) => ({ language: 'rust' as const, start_ms, mib_per_plugin_and_lane: 1.5 });
const rows = [row('proxy', 20_000, 50), row('gateway', 15_000, 60), row('gateway+5-js', 5000, 260)];

it('prints all figures, in a table for each number of connections', () => {
  const tables = measuredTables([...rows, { ...row('gateway', 1000, 90), connections: 1 }]);
  expect(tables.map(({ head }) => head[0])).toEqual(['200 B, 32 connections', '200 B, 1 connections']);
  const lines = tables.map(asText).join('');
  expect(lines).toMatch(/^gateway\+5-js +5,000 +1\.50 +1\.23 +5\.0 +260 +130 +65 +90$/m);
});

it('shows no main thread of a program that has several like it', () => {
  expect(
    measuredTables([row('contextforge+5', 100, 9000)])
      .map(asText)
      .join(''),
  ).toMatch(/ 9000 +– +– +90$/m);
});

it('writes a table as Markdown', () => {
  expect(measuredTables(rows.slice(0, 1)).map(asMarkdown).join('')).toBe(
    [
      '| 200 B, 32 connections | req/s | mean ms | p50 ms | p99 ms | CPU µs/req | main | lanes | RSS MB |',
      '| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |',
      '| proxy | 20,000 | 1.50 | 1.23 | 5.0 | 50 | 25 | 13 | 90 |',
      '',
    ].join('\n'),
  );
});

it('prints what changed since an earlier run', () => {
  const before = { rows: [row('gateway', 10_000, 80), row('gone', 1, 1)], starts: [start(1000)], loops: [] };
  expect(
    comparisonTables({ rows, starts: [start(700)], loops: [] }, before)
      .map(asText)
      .join('\n'),
  ).toBe(
    [
      'change    size  connections  req/s  p50  p99  CPU/req  main CPU  RSS',
      'gateway  200 B           32   +50%  +0%  +0%     -25%      -25%  +0%',
      '',
      'change  start  memory per plugin and lane',
      'rust     -30%                         +0%',
      '',
    ].join('\n'),
  );
});

const held = {
  ...{ calls: 500, seconds: 60, rss_mb: 300.12, heap_mb: 40, plugins_mb: 9 },
  ...{ threads: 14, files: 70, sockets: 50, resources: 23 },
};

it('[RUN-76] prints how fast each figure of a soak changes an hour in its second half, with the error', () => {
  // A jump in the first half, then 2 MB of RSS an hour; the heap falls by 1 MB an hour.
  const series = Array.from({ length: 13 }, (_, index) => {
    const hours = index / 12;
    return { ...held, seconds: 3600 * hours, rss_mb: hours < 0.5 ? 100 : 300 + 2 * hours, heap_mb: 40 - hours };
  });
  const table = asText(slopeTable(new Map([['four inline', { series, courses: [], steady: true }]])));
  const steady = '0\\.00 ± 0\\.00';
  expect(table).toMatch(
    new RegExp(
      `^four inline +\\+2\\.00 ± 0\\.00 \\(302\\.0\\) +−1\\.00 ± 0\\.00 \\(39\\.0\\) +${steady} \\(9\\.0\\) +${steady} \\(14\\)`,
      'm',
    ),
  );
  expect(table).toMatch(new RegExp(`${steady} \\(70\\) +${steady} \\(50\\) +${steady} \\(23\\)$`, 'm'));
});

it('[RUN-76] prints what a gateway held in a soak, and which figure grows', () => {
  expect(asText(holdingTable([held]))).toMatch(/^500 +300\.1 +40\.0 +9\.0 +14 +70 +50 +23$/m);
  const courses = [{ figure: 'threads' as const, first: 14, last: 15, bound: 14, grows: true }];
  expect(asText(courseTable(courses))).toMatch(/^threads +14\.0 +15\.0 +≤ 14\.0 +grows$/m);
});
