import type { Measured, Row } from './bench.ts';
import type { Course, Holding } from './soak-verdict.ts';
import type { StartRow } from './start-time.ts';

/** The rows as a table for people. */
export function measuredTable(rows: readonly Row[]): string {
  return table(
    ['', 'size', 'connections', 'req/s', 'mean ms', 'p50 ms', 'p99 ms', 'CPU µs/req', 'main', 'lanes', 'RSS MB'],
    rows.map(row => [
      row.name,
      `${row.size} B`,
      String(row.connections),
      String(row.rps),
      row.mean_ms.toFixed(2),
      row.p50_ms.toFixed(2),
      row.p99_ms.toFixed(2),
      row.cpu_us_per_request.toFixed(0),
      row.main_cpu_us_per_request.toFixed(0),
      row.lanes_cpu_us_per_request.toFixed(0),
      row.rss_mb.toFixed(0),
    ]),
  );
}

/** How gateways start, as a table for people. */
export function startTable(starts: readonly StartRow[]): string {
  return table(
    ['10 cached plugins', 'start ms', 'target', 'MiB per plugin and lane', 'target'],
    starts.map(({ language, start_ms, mib_per_plugin_and_lane }) => [
      languages[language].many,
      String(start_ms),
      '≤ 1000',
      mib_per_plugin_and_lane.toFixed(2),
      languages[language].memory,
    ]),
  );
}

const languages = {
  js: { many: 'QuickJS', memory: '≤ 4' },
  rust: { many: 'Rust', memory: '≤ 1' },
} as const;

/** One ratio or figure that has a target, and the number of connections at which the target counts. */
interface Target {
  readonly what: string;
  readonly target?: string;
  readonly connections?: number;
  value(of: (name: string) => Row | undefined): string | undefined;
}

const targets: readonly Target[] = [
  { what: 'gateway / proxy, req/s', target: '≥ 0.85', value: of => ratio(of('gateway'), of('proxy'), rps) },
  { what: 'gateway / mcp-proxy+5, CPU', target: '≤ 0.85', value: of => ratio(of('gateway'), of('mcp-proxy+5'), cpu) },
  { what: '  req/s', target: '≥ 0.95', value: of => ratio(of('gateway'), of('mcp-proxy+5'), rps) },
  {
    what: 'gateway+4-real / gateway, req/s',
    target: '≥ 0.80',
    value: of => ratio(of('gateway+4-real'), of('gateway'), rps),
  },
  {
    ...{ what: '  mean latency', target: '≤ 1.80', connections: 1 },
    value: of => ratio(of('gateway+4-real'), of('gateway'), mean),
  },
  {
    ...{ what: 'gateway+5-real / gateway+4-real, req/s', target: '≥ 0.90' },
    value: of => ratio(of('gateway+5-real'), of('gateway+4-real'), rps),
  },
  {
    ...{ what: 'gateway+5-real / mcp-proxy+5, req/s', target: '≥ 0.70' },
    value: of => ratio(of('gateway+5-real'), of('mcp-proxy+5'), rps),
  },
  { what: 'gateway, RSS MB', target: '≤ 150', value: of => of('gateway')?.rss_mb.toFixed(0) },
  { what: 'gateway+4-real, RSS MB', target: '≤ 250', value: of => of('gateway+4-real')?.rss_mb.toFixed(0) },
  { what: 'added by 4 real plugins, CPU µs', value: of => added(of('gateway+4-real'), of('gateway'), cpu) },
  { what: '  on the main thread', value: of => added(of('gateway+4-real'), of('gateway'), mainCpu) },
  { what: 'added by rate-limit, CPU µs', value: of => added(of('gateway+5-real'), of('gateway+4-real'), cpu) },
  { what: 'added by 1 QuickJS plugin, CPU µs', value: of => added(of('gateway+1-js'), of('gateway'), cpu) },
  { what: 'added by 5 QuickJS plugins, CPU µs', value: of => added(of('gateway+5-js'), of('gateway'), cpu) },
  { what: '  on the main thread', value: of => added(of('gateway+5-js'), of('gateway'), mainCpu) },
  { what: 'added by 1 Rust plugin, CPU µs', value: of => added(of('gateway+1-rust'), of('gateway'), cpu) },
  { what: 'added by 5 Rust plugins, CPU µs', value: of => added(of('gateway+5-rust'), of('gateway'), cpu) },
  { what: '  on the main thread', value: of => added(of('gateway+5-rust'), of('gateway'), mainCpu) },
  {
    ...{ what: '5 of 50 Rust plugins / 5 of 5, req/s', target: '≥ 0.90' },
    value: of => ratio(of('gateway+5of50-rust'), of('gateway+5-rust'), rps),
  },
];

/** Compares what was measured with its targets, which are for 200 B and 32 connections unless they say otherwise. */
export function targetTable(rows: readonly Row[]): string {
  const sizes = [...new Set(rows.map(({ size }) => size))];
  const lines = sizes.flatMap(size =>
    [32, 1].flatMap(connections => {
      const of = (name: string) =>
        rows.find(row => row.name === name && row.size === size && row.connections === connections);
      return targets.flatMap(({ what, target = '', connections: countsAt = 32, value }) => {
        const found = value(of);
        const shown = size === 200 && connections === countsAt ? target : '';
        return found === undefined ? [] : [[what, `${size} B`, String(connections), found, shown]];
      });
    }),
  );
  return table(['', 'size', 'connections', 'measured', 'target'], lines);
}

/** What changed since an earlier run: of each row that both have, now and then in percent. */
export function comparisonTable(now: Measured, before: Measured): string {
  const change = (a: number, b: number) => (b > 0 ? `${a >= b ? '+' : ''}${((a / b - 1) * 100).toFixed(0)}%` : '');
  const rows = now.rows.flatMap(row => {
    const old = before.rows.find(
      ({ name, size, connections }) => name === row.name && size === row.size && connections === row.connections,
    );
    if (old === undefined) return [];
    const figures = (
      ['rps', 'p50_ms', 'p99_ms', 'cpu_us_per_request', 'main_cpu_us_per_request', 'rss_mb'] as const
    ).map(figure => change(row[figure], old[figure]));
    return [[row.name, `${row.size} B`, String(row.connections), ...figures]];
  });
  const starts = now.starts.flatMap(start => {
    const old = before.starts.find(({ language }) => language === start.language);
    if (old === undefined) return [];
    const memory = change(start.mib_per_plugin_and_lane, old.mib_per_plugin_and_lane);
    return [[languages[start.language].many, change(start.start_ms, old.start_ms), memory]];
  });
  const head = ['change', 'size', 'connections', 'req/s', 'p50', 'p99', 'CPU/req', 'of it main', 'RSS'];
  const tables = [table(head, rows), table(['change', 'start', 'memory per plugin and lane'], starts)];
  return tables.filter((_, place) => [rows, starts][place]?.length !== 0).join('\n');
}

/** What a gateway held in the course of a soak, as a table for people. */
export function holdingTable(series: readonly Holding[]): string {
  return table(
    ['calls', 'RSS MB', 'heap MB', 'plugins MB', 'threads', 'files', 'resources'],
    series.map(({ calls, rss_mb, heap_mb, plugins_mb, threads, files, resources }) => [
      String(calls),
      ...[rss_mb, heap_mb, plugins_mb].map(each => each.toFixed(1)),
      ...[threads, files, resources].map(String),
    ]),
  );
}

/** How each figure went after the first tenth of a soak. */
export function courseTable(courses: readonly Course[]): string {
  return table(
    ['median', 'first third', 'last third', 'bound', ''],
    courses.map(({ figure, first, last, bound, grows }) => [
      figure,
      ...[first, last].map(each => each.toFixed(1)),
      `≤ ${bound.toFixed(1)}`,
      grows ? 'grows' : 'steady',
    ]),
  );
}

const ratio = (a: Row | undefined, b: Row | undefined, of: (row: Row) => number) =>
  a && b ? (of(a) / of(b)).toFixed(2) : undefined;

const added = (a: Row | undefined, b: Row | undefined, of: (row: Row) => number) =>
  a && b ? (of(a) - of(b)).toFixed(0) : undefined;
const cpu = (row: Row) => row.cpu_us_per_request;
const mainCpu = (row: Row) => row.main_cpu_us_per_request;
const mean = (row: Row) => row.mean_ms;
const rps = (row: Row) => row.rps;

/** The first column to the left, the others to the right. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((_, column) => Math.max(...[head, ...rows].map(row => row[column]?.length ?? 0)));
  const lines = [head, ...rows].map(row =>
    row
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join('  '),
  );
  return lines.map(line => `${line.trimEnd()}\n`).join('');
}
