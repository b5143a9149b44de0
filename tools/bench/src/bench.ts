import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildPlugins, startGateway } from './gateway.ts';
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

export interface BenchOptions {
  /** Of each variant, size and number of connections, in each round. */
  readonly seconds: number;
  readonly rounds: number;
  /** Told what goes on. */
  progress(line: string): void;
}

const sizes = [200, 2048];
const connectionCounts = [32, 1];

/**
 * Measures every way to the same upstream. The ways take turns within each round, so that whatever else the machine
 * does hits all of them alike. Each answer is checked; a wrong one ends the bench.
 */
export async function runBench({ seconds, rounds, progress }: BenchOptions): Promise<readonly Row[]> {
  await using stop = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'sallyport-bench-'));
  stop.defer(() => rm(folder, { recursive: true, force: true }));

  const variants = await startVariants(folder, stop, progress);
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
  folder: string,
  stop: AsyncDisposableStack,
  progress: BenchOptions['progress'],
): Promise<readonly Variant[]> {
  progress('building plugins');
  const plugins = await buildPlugins(5, folder);
  progress('starting everything');
  const upstream = await startProgram('upstream', [], stop);
  const gateway = async (name: string, count: number) => {
    const used = plugins.slice(0, count);
    const replacement = used.at(-1)?.replacement ?? address;
    const running = await startGateway(name, upstream.url, used, folder, stop);
    return openVariant(name, running, text => text.replace(address, replacement));
  };
  return [
    await openVariant('upstream', upstream),
    await openVariant('proxy', await startProgram('proxy', [upstream.url], stop)),
    await gateway('gateway', 0),
    await gateway('gateway+1-js', 1),
    await gateway('gateway+5-js', 5),
    ...(hasMcpProxy() ? [await openVariant('mcp-proxy', await startMcpProxy(upstream.url, folder, stop))] : []),
  ];
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
  const median = (of: (row: Row) => number, digits: number) => {
    const values = rows.map(of).sort((a, b) => a - b);
    return Number((values[Math.floor(values.length / 2)] ?? Number.NaN).toFixed(digits));
  };
  return {
    ...first,
    rps: median(row => row.rps, 0),
    p50_ms: median(row => row.p50_ms, 3),
    p99_ms: median(row => row.p99_ms, 3),
    cpu_us_per_request: median(row => row.cpu_us_per_request, 1),
    main_cpu_us_per_request: median(row => row.main_cpu_us_per_request, 1),
    rss_mb: median(row => row.rss_mb, 1),
  };
}
