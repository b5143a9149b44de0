import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readDescriptorFile } from '@sallyport/cli/artifact/read-descriptor-file';
import { buildPlugin } from '@sallyport/cli/build/build-plugin';
import { tryPlugin } from '@sallyport/cli/case/tried-plugin';
import { capabilities, openFacilities } from '@sallyport/host/capability';
import { silentLog } from '@sallyport/host/log';
import { createWasmRuntime, type PluginRunner } from '@sallyport/host/plugin';
import { coreModulesOf, injectFuel } from '@sallyport/host/wasm';
import { median } from './median.ts';
import type { Table } from './table.ts';

const examplesFolder = join(import.meta.dirname, '../../../plugins-examples');

/** Examples that need no grants, one for each toolchain and kind of work. */
const measured: Readonly<Record<string, object>> = {
  'mask-pii': {},
  'redact-emails-rust': {},
  'redact-emails': {},
  'redact-emails-go': {},
  'redact-emails-python': {},
};

/** More than any call uses. */
const fuel = 10 ** 12;
const warmUpMs = 4000;
const roundMs = 500;
const rounds = 15;

/** What fuel costs one plugin. */
export interface FuelCost {
  readonly plugin: string;
  /** Time in the lane for one call, in microseconds. */
  readonly plainUs: number;
  readonly fuelledUs: number;
  /** The median of the ratios of rounds that were measured one after the other. */
  readonly ratio: number;
  /** Bytes of its core modules. */
  readonly plainBytes: number;
  readonly fuelledBytes: number;
  /** How long the modules took to rewrite, in milliseconds. */
  readonly rewriteMs: number;
}

const text = 'Write to jane.doe@example.com or to 192.168.0.1, card 4111 1111 1111 1111, and wait for an answer. ';
const input = (plugin: string) => ({
  stage: 'after' as const,
  context: { requestId: 'r-1', binding: 'bench', upstream: 'bench' },
  calls: [{ plugin, stopOnBlock: true, stopOnFailure: true }],
  value: {
    tag: 'tool-result' as const,
    val: { content: [{ tag: 'text' as const, val: text.repeat(20) }], isError: false },
  },
});

/** The examples that can be measured. */
export const fuelledPlugins: readonly string[] = Object.keys(measured);

/** Measures each example with fuel and without, in turns. One that cannot be built here is reported and left out. */
export async function measureFuel(
  plugins: readonly string[],
  progress: (line: string) => void,
): Promise<readonly FuelCost[]> {
  const costs: FuelCost[] = [];
  for (const plugin of plugins) {
    progress(`measuring ${plugin}`);
    try {
      costs.push(await measure(plugin, measured[plugin] ?? {}));
    } catch (error) {
      progress(`${plugin} is left out: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  return costs;
}

async function measure(plugin: string, config: object): Promise<FuelCost> {
  await using stop = new AsyncDisposableStack();
  const bytes = await build(plugin, stop);
  const plain = await open(plugin, bytes, config, undefined, stop);
  const fuelled = await open(plugin, bytes, config, fuel, stop);
  await run(plain, plugin, warmUpMs);
  await run(fuelled, plugin, warmUpMs);
  const pairs: { plainUs: number; fuelledUs: number }[] = [];
  for (let round = 0; round < rounds; round += 1)
    pairs.push({ plainUs: await run(plain, plugin, roundMs), fuelledUs: await run(fuelled, plugin, roundMs) });
  const modules = coreModulesOf(bytes).map(({ start, end }) => bytes.subarray(start, end));
  const began = performance.now();
  const rewritten = modules.map(module => injectFuel(module));
  const rewriteMs = performance.now() - began;
  const size = (all: readonly Uint8Array[]) => all.reduce((sum, { length }) => sum + length, 0);
  return {
    plugin,
    plainUs: median(pairs.map(({ plainUs }) => plainUs)),
    fuelledUs: median(pairs.map(({ fuelledUs }) => fuelledUs)),
    ratio: median(pairs.map(pair => pair.fuelledUs / pair.plainUs)),
    ...{ plainBytes: size(modules), fuelledBytes: size(rewritten), rewriteMs },
  };
}

async function build(plugin: string, stop: AsyncDisposableStack): Promise<Uint8Array> {
  const out = await mkdtemp(join(tmpdir(), 'sallyport-fuel-'));
  stop.defer(() => rm(out, { recursive: true, force: true }));
  const folder = join(examplesFolder, plugin);
  const descriptor = await readDescriptorFile(join(folder, 'plugin.json'));
  return (await buildPlugin({ folder, descriptor, out: join(out, 'plugin.wasm') })).bytes;
}

async function open(
  id: string,
  bytes: Uint8Array,
  config: object,
  units: number | undefined,
  stop: AsyncDisposableStack,
): Promise<PluginRunner> {
  const tried = await tryPlugin(bytes, id, units === undefined ? {} : { fuel: units });
  const entry = { id, ...(await tried.compile({})), config, limits: tried.limits };
  const log = silentLog();
  const facilities = stop.use(openFacilities({ kv: { store: 'memory' }, secrets: [], audit: {}, log }));
  return stop.use(await createWasmRuntime({ capabilities, log }).open([entry], facilities, { lanes: 1 }));
}

/** Makes calls for so long. Returns the time that one takes in the lane, in microseconds. */
async function run(runner: PluginRunner, plugin: string, ms: number): Promise<number> {
  let calls = 0;
  let wallMs = 0;
  for (const end = performance.now() + ms; performance.now() < end; ) {
    for (const report of (await runner.run(input(plugin))).reports) {
      if (report.outcome === 'failed') throw new Error(`the call failed: ${report.message}`);
      calls += 1;
      wallMs += report.wallMs;
    }
  }
  return (wallMs / calls) * 1000;
}

const percent = (ratio: number) => `${ratio < 1 ? '' : '+'}${((ratio - 1) * 100).toFixed(1)} %`;

/** Returns the costs as a table. */
export function fuelTable(costs: readonly FuelCost[]): Table {
  return {
    head: ['plugin', 'µs a call', 'with fuel', 'more time', 'core modules', 'larger by', 'ms to rewrite'],
    rows: costs.map(cost => [
      cost.plugin,
      ...[cost.plainUs, cost.fuelledUs].map(us => us.toFixed(1)),
      percent(cost.ratio),
      `${(cost.plainBytes / 1024).toFixed(0)} KiB`,
      percent(cost.fuelledBytes / cost.plainBytes),
      cost.rewriteMs.toFixed(0),
    ]),
  };
}
