import type { Measured, Row } from './bench.ts';
import type { Soaked } from './soak.ts';
import { type Course, figures, type Holding, slopeOf } from './soak-verdict.ts';
import type { Table } from './table.ts';

/** Programs whose main thread is one of several that do the same. */
const foreign = /^(mcp-proxy|contextforge)/;

/** Returns the rows as tables for people, one for each size and number of connections. */
export function measuredTables(rows: readonly Row[]): readonly Table[] {
  const groups = Map.groupBy(rows, ({ size, connections }) => `${size} B, ${connections} connections`);
  return [...groups].map(([group, members]) => ({
    head: [group, 'req/s', 'mean ms', 'p50 ms', 'p99 ms', 'CPU µs/req', 'main', 'lanes', 'RSS MB'],
    rows: members.map(row => [
      row.name,
      row.rps.toLocaleString('en'),
      row.mean_ms.toFixed(2),
      row.p50_ms.toFixed(2),
      row.p99_ms.toFixed(1),
      row.cpu_us_per_request.toFixed(0),
      foreign.test(row.name) ? '–' : row.main_cpu_us_per_request.toFixed(0),
      foreign.test(row.name) ? '–' : row.lanes_cpu_us_per_request.toFixed(0),
      row.rss_mb.toFixed(0),
    ]),
  }));
}

/** Returns what changed since an earlier run: of each row that both have, now and then in percent. */
export function comparisonTables(now: Measured, before: Measured): readonly Table[] {
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
    return [[start.language, change(start.start_ms, old.start_ms), memory]];
  });
  const head = ['change', 'size', 'connections', 'req/s', 'p50', 'p99', 'CPU/req', 'main CPU', 'RSS'];
  const tables = [
    { head, rows },
    { head: ['change', 'start', 'memory per plugin and lane'], rows: starts },
  ];
  return tables.filter(table => table.rows.length > 0);
}

/** Returns what a gateway held in the course of a soak, as a table for people. */
export function holdingTable(series: readonly Holding[]): Table {
  return {
    head: ['calls', 'RSS MB', 'heap MB', 'plugins MB', 'threads', 'files', 'sockets', 'resources'],
    rows: series.map(({ calls, rss_mb, heap_mb, plugins_mb, threads, files, sockets, resources }) => [
      String(calls),
      ...[rss_mb, heap_mb, plugins_mb].map(each => each.toFixed(1)),
      ...[threads, files, sockets, resources].map(String),
    ]),
  };
}

/** Returns how each figure went after the first tenth of a soak. */
export function courseTable(courses: readonly Course[]): Table {
  return {
    head: ['median', 'first third', 'last third', 'bound', ''],
    rows: courses.map(({ figure, first, last, bound, grows }) => [
      figure,
      ...[first, last].map(each => each.toFixed(1)),
      `≤ ${bound.toFixed(1)}`,
      grows ? 'grows' : 'steady',
    ]),
  };
}

/**
 * Returns how fast each figure changed over the second half of a soak, an hour, with the standard error; and what it was
 * at the end.
 */
export function slopeTable(soaked: ReadonlyMap<string, Soaked>): Table {
  return {
    head: ['slope an hour (at the end)', ...figures.map(figure => figure.replace('_mb', ' MB'))],
    rows: [...soaked].map(([chain, { series }]) => [
      chain,
      ...figures.map(figure => {
        const { slope, error } = slopeOf(series, figure);
        const last = series.at(-1)?.[figure] ?? Number.NaN;
        return `${signed(slope)} ± ${error.toFixed(2)} (${last.toFixed(figure.endsWith('_mb') ? 1 : 0)})`;
      }),
    ]),
  };
}

/** Writes a number with its sign, unless it rounds to zero. */
function signed(value: number): string {
  const text = value.toFixed(2);
  return Number(text) === 0 ? '0.00' : value > 0 ? `+${text}` : text.replace('-', '−');
}
