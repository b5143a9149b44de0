import { availableParallelism } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { type BenchPlugin, type Language, startGateway } from './gateway.ts';
import { median } from './median.ts';
import { startProgram } from './process.ts';
import { readRss } from './usage.ts';

/** How a gateway with ten plugins of one language starts when all of them are compiled already. */
export interface StartRow {
  readonly language: Language;
  /** From the start of the process until it is ready. */
  readonly start_ms: number;
  /** Resident memory that one more plugin takes in each lane, the spare one included. */
  readonly mib_per_plugin_and_lane: number;
}

/** Milliseconds until the spare lane has started, and what is compiled in the background is there. */
const settleMs = 2000;

/**
 * Measures starts: one to compile the plugins, then medians of as many starts as there are rounds, with one plugin and with
 * all in turn.
 */
export async function measureStart(
  language: Language,
  plugins: readonly BenchPlugin[],
  folder: string,
  rounds: number,
): Promise<StartRow> {
  const start = async (used: readonly BenchPlugin[]) => {
    await using stop = new AsyncDisposableStack();
    const upstream = await startProgram('upstream', [], stop);
    const entries = used.map(({ entry }) => entry);
    const began = performance.now();
    const { pid } = await startGateway(`start-${language}`, upstream.url, entries, folder, stop);
    const ms = performance.now() - began;
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
