import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { findRust } from '@sallyport/cli/build/find-rust';
import type { Fault } from '@sallyport/host/core';
import { type BenchPlugin, buildPlugins, type Language, startGateway } from './gateway.ts';
import type { Load, LoadResult } from './generator.ts';
import { hasMcpProxy, startMcpProxy } from './mcp-proxy.ts';
import { forkProgram, startProgram } from './process.ts';
import { address, sampleText } from './sample.ts';
import { readRss, readUsage } from './usage.ts';
import { openVariant, type Variant } from './variant.ts';

/** One measured case: medians of the rounds. `size` is bytes of text; rss_mb is of the process at the end. */
export interface Row {
  readonly name: string;
  readonly size: number;
  readonly connections: number;
  readonly rps: number;
  readonly p50_ms: number;
  readonly p99_ms: number;
  readonly cpu_us_per_request: number;
  readonly main_cpu_us_per_request: number;
  readonly rss_mb: number;
}

/** How a gateway with ten plugins of one language starts when all of them are compiled already. */
export interface StartRow {
  readonly language: Language;
  /** From the start of the process until it is ready. */
  readonly start_ms: number;
  /** Resident memory that one more plugin takes in each lane, the spare one included. */
  readonly mib_per_plugin_and_lane: number;
}

export interface Measured {
  readonly rows: readonly Row[];
  readonly starts: readonly StartRow[];
}

/** All that can be measured, in the order of the tables. */
export const variantNames = [
  'upstream',
  'proxy',
  'gateway',
  'gateway+1-js',
  'gateway+5-js',
  'gateway+1-rust',
  'gateway+5-rust',
  'gateway+5of50-rust',
  'mcp-proxy',
  'start-js',
  'start-rust',
] as const;
export type VariantName = (typeof variantNames)[number];

export interface BenchOptions {
  /** Of each variant, size and number of connections, in each round. */
  readonly seconds: number;
  readonly rounds: number;
  /** What to measure, and nothing else. */
  readonly only?: readonly VariantName[];
  /** Told what goes on. */
  progress(line: string): void;
}

const sizes = [200, 2048];
const connectionCounts = [32, 1];

/**
 * Measures every way to the same upstream. The ways take turns within each round, so that whatever else the machine
 * does hits all of them alike. Each answer is checked; a wrong one ends the bench.
 */
export async function runBench({ only = variantNames, ...options }: BenchOptions): Promise<Measured> {
  await using stop = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'sallyport-bench-'));
  stop.defer(() => rm(folder, { recursive: true, force: true }));

  const names = new Set(only);
  await leaveOut(names, options.progress);
  const plugins = await buildAll(names, folder, options.progress);
  const rows = await measureVariants(names, plugins, folder, options);
  const starts: StartRow[] = [];
  for (const [language, built] of plugins) {
    if (!names.has(`start-${language}`)) continue;
    options.progress(`starting with ${many} plugins: ${language}`);
    // What was measured before is not lost with it.
    await measureStart(language, built.slice(0, many), folder, options.rounds).then(
      row => starts.push(row),
      error => options.progress(`failed: start-${language}: ${error instanceof Error ? error.message : error}`),
    );
  }
  return { rows, starts };
}

/** Takes out what this machine has no program for, and says so. */
async function leaveOut(names: Set<VariantName>, progress: BenchOptions['progress']): Promise<void> {
  if (names.has('mcp-proxy') && !hasMcpProxy()) {
    progress(
      'left out: mcp-proxy is not installed (cargo install --locked mcp-proxy --no-default-features --features metrics,yaml)',
    );
    names.delete('mcp-proxy');
  }
  const rust = [...names].filter(name => name.endsWith('rust'));
  if (rust.length === 0) return;
  await findRust('bench').catch((error: Fault) => {
    progress(`left out: ${rust.join(', ')}: ${error.details.what} (${error.hint})`);
    for (const name of rust) names.delete(name);
  });
}

/** Plugins of a start, and those of a gateway in which most have nothing to do with a request. */
const many = 10;
const veryMany = 50;
const settleMs = 2000;

const countFor = (names: ReadonlySet<VariantName>, language: Language): number => {
  if (language === 'rust' && names.has('gateway+5of50-rust')) return veryMany;
  return names.has(`start-${language}`) ? many : 5;
};

async function buildAll(
  names: ReadonlySet<VariantName>,
  folder: string,
  progress: BenchOptions['progress'],
): Promise<ReadonlyMap<Language, readonly BenchPlugin[]>> {
  const built = new Map<Language, readonly BenchPlugin[]>();
  for (const language of ['js', 'rust'] as const) {
    const wanted = [...names].filter(name => name.endsWith(`-${language}`));
    if (wanted.length === 0) continue;
    progress(`building plugins: ${language}`);
    built.set(language, await buildPlugins(language, countFor(names, language), folder));
  }
  return built;
}

async function measureVariants(
  names: ReadonlySet<VariantName>,
  plugins: ReadonlyMap<Language, readonly BenchPlugin[]>,
  folder: string,
  { seconds, rounds, progress }: BenchOptions,
): Promise<readonly Row[]> {
  await using stop = new AsyncDisposableStack();
  progress('starting everything');
  const variants = await startVariants(names, plugins, folder, stop);
  const generator = forkProgram('generator', [], stop);
  const cases = sizes.flatMap(size =>
    connectionCounts.flatMap(connections =>
      variants.map(variant => ({ variant, size, connections, rows: [] as Row[] })),
    ),
  );
  for (const { variant, size } of cases.filter(({ connections }) => connections > 1)) {
    progress(`warming up ${variant.name}, ${size} B`);
    await warmUp(generator, variant, size, seconds);
  }
  for (let round = 1; round <= rounds; round++) {
    for (const { variant, size, connections, rows } of cases) {
      progress(`round ${round} of ${rounds}: ${variant.name}, ${size} B, ${connections} connections`);
      rows.push(await measure(generator, variant, size, connections, seconds));
    }
  }
  return cases.map(({ rows }) => medians(rows));
}

async function startVariants(
  names: ReadonlySet<VariantName>,
  plugins: ReadonlyMap<Language, readonly BenchPlugin[]>,
  folder: string,
  stop: AsyncDisposableStack,
): Promise<readonly Variant[]> {
  const upstream = await startProgram('upstream', [], stop);
  const gateway = async (name: VariantName, language: Language, active: number, loaded = active) => {
    const used = plugins.get(language)?.slice(0, loaded) ?? [];
    const replacement = used[active - 1]?.replacement ?? address;
    const running = await startGateway(name, upstream.url, used, folder, stop, active);
    return openVariant(name, running, text => text.replace(address, replacement));
  };
  const starts: Readonly<Partial<Record<VariantName, () => Promise<Variant>>>> = {
    upstream: () => openVariant('upstream', upstream),
    proxy: async () => openVariant('proxy', await startProgram('proxy', [upstream.url], stop)),
    gateway: () => gateway('gateway', 'js', 0),
    'gateway+1-js': () => gateway('gateway+1-js', 'js', 1),
    'gateway+5-js': () => gateway('gateway+5-js', 'js', 5),
    'gateway+1-rust': () => gateway('gateway+1-rust', 'rust', 1),
    'gateway+5-rust': () => gateway('gateway+5-rust', 'rust', 5),
    'gateway+5of50-rust': () => gateway('gateway+5of50-rust', 'rust', 5, veryMany),
    'mcp-proxy': async () => openVariant('mcp-proxy', await startMcpProxy(upstream.url, folder, stop)),
  };
  const variants: Variant[] = [];
  for (const name of variantNames) {
    const variant = names.has(name) ? await starts[name]?.() : undefined;
    if (variant !== undefined) variants.push(variant);
  }
  return variants;
}

/** Once to compile them; then medians of as many starts as there are rounds, with one plugin and with all in turn. */
async function measureStart(
  language: Language,
  plugins: readonly BenchPlugin[],
  folder: string,
  rounds: number,
): Promise<StartRow> {
  const start = async (used: readonly BenchPlugin[]) => {
    await using stop = new AsyncDisposableStack();
    const upstream = await startProgram('upstream', [], stop);
    const began = performance.now();
    const { pid } = await startGateway(`start-${language}`, upstream.url, used, folder, stop);
    const ms = performance.now() - began;
    // The spare lane, and what is compiled in the background, come after the start.
    await sleep(settleMs);
    return { ms, rss: readRss(pid) };
  };
  await start(plugins);
  const one: number[] = [];
  const all: number[] = [];
  const ms: number[] = [];
  for (let round = 1; round <= rounds; round++) {
    one.push((await start(plugins.slice(0, 1))).rss);
    const each = await start(plugins);
    all.push(each.rss);
    ms.push(each.ms);
  }
  const instances = (plugins.length - 1) * (availableParallelism() + 1);
  return {
    language,
    start_ms: Math.round(median(ms)),
    mib_per_plugin_and_lane: Number((((median(all) - median(one)) * 1e6) / 2 ** 20 / instances).toFixed(2)),
  };
}

/** Until the code is compiled that will be measured: a slow way needs longer for as many requests. */
async function warmUp(generator: ChildProcess, variant: Variant, size: number, seconds: number): Promise<void> {
  let requests = 0;
  for (let run = 0; run < 8 && requests < 10_000; run++) {
    requests += (await measure(generator, variant, size, 32, seconds)).rps * seconds;
  }
}

async function measure(
  generator: ChildProcess,
  { name, url, pid, tool, headers, expected }: Variant,
  size: number,
  connections: number,
  seconds: number,
): Promise<Row> {
  const load: Load = { url, headers, tool, size, expected: expected(sampleText(size)), connections, seconds };
  const before = readUsage(pid);
  generator.send(load);
  const [result]: LoadResult[] = await once(generator, 'message');
  const after = readUsage(pid);
  if (result === undefined || 'error' in result) throw new Error(`${name}: ${result?.error}`);
  return {
    name,
    size,
    connections,
    rps: result.rps,
    p50_ms: result.p50,
    p99_ms: result.p99,
    cpu_us_per_request: (after.process - before.process) / result.requests,
    main_cpu_us_per_request: (after.mainThread - before.mainThread) / result.requests,
    rss_mb: readRss(pid),
  };
}

function medians(rows: readonly Row[]): Row {
  const [first] = rows;
  if (first === undefined) throw new Error('nothing was measured');
  const of = (figure: (row: Row) => number, digits: number) => Number(median(rows.map(figure)).toFixed(digits));
  return {
    ...first,
    rps: of(row => row.rps, 0),
    p50_ms: of(row => row.p50_ms, 3),
    p99_ms: of(row => row.p99_ms, 3),
    cpu_us_per_request: of(row => row.cpu_us_per_request, 1),
    main_cpu_us_per_request: of(row => row.main_cpu_us_per_request, 1),
    rss_mb: of(row => row.rss_mb, 1),
  };
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
