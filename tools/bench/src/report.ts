import type { Row } from './bench.ts';

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

/** What was measured beside what the design allows (DESIGN § Budget). The bounds are of 200 B and 32 connections. */
export function budgetTable(rows: readonly Row[]): string {
  const lines = [200, 2048].flatMap(size =>
    [32, 1].flatMap(connections => {
      const of = (name: string) =>
        rows.find(row => row.name === name && row.size === size && row.connections === connections);
      const bounded = size === 200 && connections === 32;
      const line = (what: string, value: string | undefined, bound: string) =>
        value === undefined ? [] : [[what, `${size} B`, String(connections), value, bounded ? bound : '']];
      return [
        ...line('gateway / proxy, req/s', ratio(of('gateway'), of('proxy')), '≥ 0.75'),
        ...line('gateway / mcp-proxy, req/s', ratio(of('gateway'), of('mcp-proxy')), '≥ 1.20'),
        ...line('added by 1 QuickJS plugin, CPU µs', added(of('gateway+1-js'), of('gateway')), ''),
        ...line('added by 5 QuickJS plugins, CPU µs', added(of('gateway+5-js'), of('gateway')), '≤ 200'),
        ...line('added by 5 Rust plugins, CPU µs', added(of('gateway+5-rust'), of('gateway')), '≤ 100'),
      ];
    }),
  );
  return table(['', 'size', 'connections', 'measured', 'bound'], lines);
}

const ratio = (a: Row | undefined, b: Row | undefined) => (a && b ? (a.rps / b.rps).toFixed(2) : undefined);

const added = (a: Row | undefined, b: Row | undefined) =>
  a && b
    ? `${(a.cpu_us_per_request - b.cpu_us_per_request).toFixed(0)} (main ${(a.main_cpu_us_per_request - b.main_cpu_us_per_request).toFixed(0)})`
    : undefined;

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
