import type { Measured, Row, StartRow } from './bench.ts';
import type { Course, Holding } from './soak-verdict.ts';

/** The rows as a table for people. */
export function measuredTable(rows: readonly Row[]): string {
  return table(
    ['', 'size', 'connections', 'req/s', 'p50 ms', 'p99 ms', 'CPU µs/req', 'of it main', 'RSS MB'],
    rows.map(row => [
      row.name,
      `${row.size} B`,
      String(row.connections),
      String(row.rps),
      row.p50_ms.toFixed(2),
      row.p99_ms.toFixed(2),
      row.cpu_us_per_request.toFixed(0),
      row.main_cpu_us_per_request.toFixed(0),
      row.rss_mb.toFixed(0),
    ]),
  );
}

/** How gateways start, as a table for people. */
export function startTable(starts: readonly StartRow[]): string {
  return table(
    ['10 cached plugins', 'start ms', 'bound', 'MiB per plugin and lane', 'bound'],
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
  rust: { many: 'Rust', memory: '≤ 2' },
} as const;

/** Compares what was measured with its budget. Most bounds are for 200 B and 32 connections. */
export function budgetTable(rows: readonly Row[]): string {
  const lines = [200, 2048].flatMap(size =>
    [32, 1].flatMap(connections => {
      const of = (name: string) =>
        rows.find(row => row.name === name && row.size === size && row.connections === connections);
      const line = (what: string, value: string | undefined, bound = '', boundedAt = 32) => {
        const bounded = size === 200 && connections === boundedAt;
        return value === undefined ? [] : [[what, `${size} B`, String(connections), value, bounded ? bound : '']];
      };
      const gateway = of('gateway');
      return [
        ...line('gateway / proxy, req/s', ratio(gateway, of('proxy')), '≥ 0.75'),
        ...line('gateway / mcp-proxy, req/s', ratio(gateway, of('mcp-proxy')), '≥ 1.20'),
        ...line('added by 1 QuickJS plugin, CPU µs', added(of('gateway+1-js'), gateway, cpu)),
        ...line('added by 5 QuickJS plugins, CPU µs', added(of('gateway+5-js'), gateway, cpu), '≤ 200'),
        ...line('  of it on the main thread', added(of('gateway+5-js'), gateway, mainCpu)),
        ...line('added by 1 Rust plugin, CPU µs', added(of('gateway+1-rust'), gateway, cpu)),
        ...line('added by 5 Rust plugins, CPU µs', added(of('gateway+5-rust'), gateway, cpu), '≤ 100'),
        ...line('  of it on the main thread', added(of('gateway+5-rust'), gateway, mainCpu), '≤ 30'),
        ...line('  p50 µs', added(of('gateway+5-rust'), gateway, p50), '≤ 150', 1),
        ...line(
          '5 of 50 Rust plugins / 5 of 5, req/s',
          ratio(of('gateway+5of50-rust'), of('gateway+5-rust')),
          '≥ 0.90',
        ),
        ...line('gateway+5-rust / mcp-proxy, req/s', ratio(of('gateway+5-rust'), of('mcp-proxy'))),
      ];
    }),
  );
  return table(['', 'size', 'connections', 'measured', 'bound'], lines);
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

const ratio = (a: Row | undefined, b: Row | undefined) => (a && b ? (a.rps / b.rps).toFixed(2) : undefined);

const added = (a: Row | undefined, b: Row | undefined, of: (row: Row) => number) =>
  a && b ? (of(a) - of(b)).toFixed(0) : undefined;
const cpu = (row: Row) => row.cpu_us_per_request;
const mainCpu = (row: Row) => row.main_cpu_us_per_request;
const p50 = (row: Row) => row.p50_ms * 1000;

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
