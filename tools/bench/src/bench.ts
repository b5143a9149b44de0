import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Load, LoadResult } from './generator.ts';
import { type LoopRow, measureLoops } from './loop.ts';
import { median } from './median.ts';
import { forkProgram } from './process.ts';
import { sampleText } from './sample.ts';
import { measureStart, type StartRow } from './start-time.ts';
import { readRss, readUsage } from './usage.ts';
import type { Variant } from './variant.ts';
import { buildPlugins, leaveOut, startVariants, type VariantName, variantNames } from './variants.ts';

/** One measured case: medians of the rounds. `size` is bytes of text; rss_mb is of the process at the end. */
export interface Row {
  readonly name: string;
  readonly size: number;
  readonly connections: number;
  readonly rps: number;
  readonly mean_ms: number;
  readonly p50_ms: number;
  readonly p99_ms: number;
  readonly cpu_us_per_request: number;
  readonly main_cpu_us_per_request: number;
  readonly lanes_cpu_us_per_request: number;
  readonly rss_mb: number;
}

export interface Measured {
  readonly rows: readonly Row[];
  readonly starts: readonly StartRow[];
  readonly loops: readonly LoopRow[];
}

export interface BenchOptions {
  /** The seconds for each variant, size and number of connections, in each round. */
  readonly seconds: number;
  readonly rounds: number;
  /** Seconds for which each variant is warmed up with each size: V8 compiles for about 20. */
  readonly warmUpSeconds: number;
  /** Bytes of text that a call answers with. */
  readonly sizes: readonly number[];
  /** What to measure, and nothing else. */
  readonly only?: readonly VariantName[];
  /** Receives a line for each step. */
  progress(line: string): void;
}

const connectionCounts = [32, 1];
/** Plugins of a start that is measured. */
const many = 10;

/**
 * Measures every way to the same upstream. The ways take turns within each round, so that whatever else the machine
 * does affects all of them alike. Each answer is checked; a wrong one ends the bench.
 */
export async function runBench({ only = variantNames, ...options }: BenchOptions): Promise<Measured> {
  await using stop = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'sallyport-bench-'));
  stop.defer(() => rm(folder, { recursive: true, force: true }));

  const names = new Set(only);
  await leaveOut(names, options.progress);
  const plugins = await buildPlugins(names, folder, options.progress);
  const rows = await measureVariants(names, plugins, folder, options);
  const starts: StartRow[] = [];
  const loops: LoopRow[] = [];
  // A failure from here on does not lose what was measured before.
  const attempt = async <T>(name: string, measuring: Promise<readonly T[]>, measured: T[]) => {
    await measuring.then(
      found => measured.push(...found),
      error => options.progress(`failed: ${name}: ${error instanceof Error ? error.message : error}`),
    );
  };
  for (const [language, built] of plugins.byLanguage) {
    const name = `start-${language}` as const;
    if (!names.has(name)) continue;
    options.progress(`starting with ${many} plugins: ${language}`);
    const measuring = measureStart(language, built.slice(0, many), folder, options.rounds);
    await attempt(
      name,
      measuring.then(row => [row]),
      starts,
    );
  }
  if (names.has('loop')) {
    options.progress('stopping a plugin that loops');
    await attempt('loop', measureLoops(folder), loops);
  }
  return { rows, starts, loops };
}

async function measureVariants(
  names: ReadonlySet<VariantName>,
  plugins: Awaited<ReturnType<typeof buildPlugins>>,
  folder: string,
  { seconds, rounds, warmUpSeconds, sizes, progress }: BenchOptions,
): Promise<readonly Row[]> {
  await using stop = new AsyncDisposableStack();
  progress('starting everything');
  const variants = await startVariants(names, plugins, folder, stop);
  const generator = forkProgram('generator', [], stop);
  for (const variant of variants) {
    for (const size of sizes) {
      progress(`warming up ${variant.name}, ${size} B`);
      await measure(generator, variant, size, 32, warmUpSeconds);
    }
  }
  const cases = sizes.flatMap(size =>
    connectionCounts.flatMap(connections =>
      variants.map(variant => ({ variant, size, connections, rows: [] as Row[] })),
    ),
  );
  for (let round = 1; round <= rounds; round++) {
    for (const { variant, size, connections, rows } of cases) {
      progress(`round ${round} of ${rounds}: ${variant.name}, ${size} B, ${connections} connections`);
      rows.push(await measure(generator, variant, size, connections, seconds));
    }
  }
  return cases.map(({ rows }) => medians(rows));
}

/** Makes calls for so long, and returns what they cost. */
export async function measure(
  generator: ChildProcess,
  variant: Variant,
  size: number,
  connections: number,
  seconds: number,
): Promise<Row> {
  const { name, url, pid, tool, args = {}, headers, authorizations = [] } = variant;
  const expected = variant.expected(sampleText(size));
  const load: Load = { url, headers, tool, args, authorizations, size, expected, connections, seconds };
  const before = readUsage(pid);
  generator.send(load);
  const [result]: LoadResult[] = await once(generator, 'message');
  const after = readUsage(pid);
  if (result === undefined || 'error' in result) throw new Error(`${name}: ${result?.error}`);
  const { requests, rps, mean, p50, p99 } = result;
  return {
    ...{ name, size, connections, rps, mean_ms: mean, p50_ms: p50, p99_ms: p99 },
    cpu_us_per_request: (after.process - before.process) / requests,
    main_cpu_us_per_request: (after.mainThread - before.mainThread) / requests,
    lanes_cpu_us_per_request: Math.max(0, after.lanes - before.lanes) / requests,
    rss_mb: readRss(pid),
  };
}

/** Returns the medians of rounds. */
export function medians(rows: readonly Row[]): Row {
  const [first] = rows;
  if (first === undefined) throw new Error('nothing was measured');
  const of = (figure: (row: Row) => number, digits: number) => Number(median(rows.map(figure)).toFixed(digits));
  return {
    ...first,
    rps: of(row => row.rps, 0),
    mean_ms: of(row => row.mean_ms, 3),
    p50_ms: of(row => row.p50_ms, 3),
    p99_ms: of(row => row.p99_ms, 3),
    cpu_us_per_request: of(row => row.cpu_us_per_request, 1),
    main_cpu_us_per_request: of(row => row.main_cpu_us_per_request, 1),
    lanes_cpu_us_per_request: of(row => row.lanes_cpu_us_per_request, 1),
    rss_mb: of(row => row.rss_mb, 1),
  };
}
