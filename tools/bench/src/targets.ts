import type { Measured, Row } from './bench.ts';
import type { LoopRow } from './loop.ts';
import type { StartRow } from './start-time.ts';
import type { Table } from './table.ts';

/** The least or the most that a figure should be. */
type Bound = { readonly atLeast: number } | { readonly atMost: number };

/** One figure of the rows of one size and number of connections, and the number of connections at which its bound counts. */
interface Target {
  readonly what: string;
  readonly bound?: Bound;
  readonly connections?: number;
  readonly digits: number;
  value(of: (name: string) => Row | undefined): number | undefined;
}

type Figure = (row: Row) => number;
const cpu: Figure = row => row.cpu_us_per_request;
const mainCpu: Figure = row => row.main_cpu_us_per_request;
const mean: Figure = row => row.mean_ms;
const rps: Figure = row => row.rps;
const rss: Figure = row => row.rss_mb;

function ratio(what: string, a: string, b: string, figure: Figure, bound?: Bound, connections = 32): Target {
  const value: Target['value'] = of => {
    const [one, other] = [of(a), of(b)];
    return one && other ? figure(one) / figure(other) : undefined;
  };
  return { what, digits: 2, value, connections, ...(bound && { bound }) };
}

function added(what: string, a: string, b: string, figure: Figure): Target {
  const value: Target['value'] = of => {
    const [one, other] = [of(a), of(b)];
    return one && other ? figure(one) - figure(other) : undefined;
  };
  return { what, digits: 0, value };
}

const resident = (name: string, atMost: number): Target => ({
  ...{ what: `${name}, RSS MB`, digits: 0, bound: { atMost } },
  value: of => {
    const row = of(name);
    return row && rss(row);
  },
});

const targets: readonly Target[] = [
  ratio('gateway / proxy, req/s', 'gateway', 'proxy', rps, { atLeast: 0.85 }),
  ratio('gateway / mcp-proxy+5, CPU', 'gateway', 'mcp-proxy+5', cpu, { atMost: 0.85 }),
  ratio('  req/s', 'gateway', 'mcp-proxy+5', rps, { atLeast: 0.95 }),
  ratio('gateway+4-real / gateway, req/s', 'gateway+4-real', 'gateway', rps, { atLeast: 0.8 }),
  ratio('  mean latency', 'gateway+4-real', 'gateway', mean, { atMost: 1.8 }, 1),
  ratio('gateway+4-inline / gateway, req/s', 'gateway+4-inline', 'gateway', rps),
  ratio('  mean latency', 'gateway+4-inline', 'gateway', mean, { atMost: 1.2 }, 1),
  ratio('gateway+5-real / gateway+4-real, req/s', 'gateway+5-real', 'gateway+4-real', rps, { atLeast: 0.9 }),
  ratio('gateway+5-inline / gateway+4-inline, req/s', 'gateway+5-inline', 'gateway+4-inline', rps),
  ratio('gateway+5-real / mcp-proxy+5, req/s', 'gateway+5-real', 'mcp-proxy+5', rps, { atLeast: 0.7 }),
  ratio('gateway+5-inline / mcp-proxy+5, req/s', 'gateway+5-inline', 'mcp-proxy+5', rps),
  ratio('gateway+5-real / contextforge+5, req/s', 'gateway+5-real', 'contextforge+5', rps, { atLeast: 40 }),
  ratio('  CPU', 'gateway+5-real', 'contextforge+5', cpu),
  ratio('gateway+5-inline / contextforge+5, req/s', 'gateway+5-inline', 'contextforge+5', rps),
  resident('gateway', 150),
  resident('gateway+4-real', 250),
  added('added by 4 real plugins, CPU µs', 'gateway+4-real', 'gateway', cpu),
  added('  on the main thread', 'gateway+4-real', 'gateway', mainCpu),
  added('added by 4 inline plugins, CPU µs', 'gateway+4-inline', 'gateway', cpu),
  added('added by rate-limit, CPU µs', 'gateway+5-real', 'gateway+4-real', cpu),
  added('added by 1 QuickJS plugin, CPU µs', 'gateway+1-js', 'gateway', cpu),
  added('added by 5 QuickJS plugins, CPU µs', 'gateway+5-js', 'gateway', cpu),
  added('  on the main thread', 'gateway+5-js', 'gateway', mainCpu),
  added('added by 1 Rust plugin, CPU µs', 'gateway+1-rust', 'gateway', cpu),
  added('added by 5 Rust plugins, CPU µs', 'gateway+5-rust', 'gateway', cpu),
  added('  on the main thread', 'gateway+5-rust', 'gateway', mainCpu),
  ratio('5 of 50 Rust plugins / 5 of 5, req/s', 'gateway+5of50-rust', 'gateway+5-rust', rps, { atLeast: 0.9 }),
];

/** Returns what was measured beside its targets, which are for 200 B and 32 connections unless they say otherwise. */
export function targetTable({ rows, starts, loops }: Measured): Table {
  const sizes = [...new Set(rows.map(({ size }) => size))];
  const compared = sizes.flatMap(size =>
    [32, 1].flatMap(connections => {
      const of = (name: string) =>
        rows.find(row => row.name === name && row.size === size && row.connections === connections);
      return targets.flatMap(({ what, bound, connections: countsAt = 32, digits, value }) => {
        const found = value(of);
        const counts = size === 200 && connections === countsAt ? bound : undefined;
        return found === undefined ? [] : [[what, `${size} B`, String(connections), ...judged(found, digits, counts)]];
      });
    }),
  );
  return {
    head: ['', 'size', 'connections', 'measured', 'target', ''],
    rows: [...compared, ...starts.flatMap(startLines), ...loops.flatMap(loopLines)],
  };
}

const languages = {
  js: { name: 'QuickJS', mib: 4 },
  rust: { name: 'Rust', mib: 1 },
} as const;

function startLines({ language, start_ms, mib_per_plugin_and_lane }: StartRow): readonly (readonly string[])[] {
  const { name, mib } = languages[language];
  return [
    [`start with 10 cached ${name} plugins, ms`, '', '', ...judged(start_ms, 0, { atMost: 1000 })],
    [`  MiB per plugin and lane`, '', '', ...judged(mib_per_plugin_and_lane, 2, { atMost: mib })],
  ];
}

function loopLines({ isolation, stopped_after_ms, others, failed }: LoopRow): readonly (readonly string[])[] {
  const stop =
    isolation === 'pooled'
      ? ['looping plugin, pooled, ms beyond its deadline', '', '', ...judged(stopped_after_ms, 0, { atMost: 50 })]
      : ['looping plugin, inline, ms until out of fuel', '', '', ...judged(stopped_after_ms, 0)];
  return [stop, [`  failed of ${others} other requests`, '', '', ...judged(failed, 0, { atMost: 0 })]];
}

/** Returns the figure, its target and whether it holds. */
function judged(found: number, digits: number, bound?: Bound): readonly string[] {
  const shown = found.toFixed(digits);
  if (bound === undefined) return [shown, '', ''];
  const [sign, limit] = 'atLeast' in bound ? ['≥', bound.atLeast] : ['≤', bound.atMost];
  const holds = sign === '≥' ? found >= limit : found <= limit;
  return [shown, `${sign} ${Number.isInteger(limit) ? limit : limit.toFixed(2)}`, holds ? 'met' : 'missed'];
}
