import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Exchange } from './exchange.ts';
import { inline, type PluginEntry } from './gateway.ts';
import { startProgram } from './process.ts';
import { buildRealChain, realAnswer, realArguments } from './real-chain.ts';
import { judged, type Soaked } from './soak.ts';
import { openExchanges, type SoakGateway, soakCall, startSoakGateway } from './soak-process.ts';
import type { Holding } from './soak-verdict.ts';
import { openVariant, type Variant } from './variant.ts';

export interface ChainSoakOptions {
  readonly seconds: number;
  /** Calls a second, of all chains together. */
  readonly rate: number;
  /** Connections to each gateway. */
  readonly connections: number;
  /** Looks at the gateways, evenly spread. The calls pause for them. */
  readonly samples: number;
  /** Receives what a gateway held, at each look. */
  progress(chain: string, held: Holding): void;
}

/** The chains, each with a gateway of its own: `real` are the five plugins, of which the last counts in `kv_store`. */
const chains = {
  none: () => [],
  'four pooled': real => real.slice(0, 4),
  'five pooled, one with kv_store': real => real,
  'four inline': real => real.slice(0, 4).map(inline),
} as const satisfies Readonly<Record<string, (real: readonly PluginEntry[]) => readonly PluginEntry[]>>;

/** A chain's gateway under calls. */
interface Soaking {
  readonly gateway: SoakGateway;
  readonly variant: Variant;
  readonly exchanges: readonly Exchange[];
  readonly series: Holding[];
  made: number;
}

/**
 * Calls a tool through several gateways at the same time and at a constant rate, each with another chain. Each answer is
 * checked: a wrong one ends the soak.
 */
export async function soakChains(options: ChainSoakOptions): Promise<ReadonlyMap<string, Soaked>> {
  await using stop = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'sallyport-soak-'));
  stop.defer(() => rm(folder, { recursive: true, force: true }));
  const real = await buildRealChain(folder);
  const upstream = await startProgram('upstream', [], stop);
  const variants: { readonly gateway: SoakGateway; readonly variant: Variant }[] = [];
  for (const [name, chosen] of Object.entries(chains)) {
    const plugins = chosen(real);
    const gateway = await startSoakGateway(name.replaceAll(/\W+/g, '-'), upstream.url, plugins, folder, stop);
    const answer = plugins.length === 0 ? undefined : realAnswer;
    const variant = await openVariant(name, gateway, answer, realArguments);
    variants.push({ gateway, variant });
  }
  // A gateway closes connections that are idle, so that they are opened when all have started.
  const soaking: readonly Soaking[] = await Promise.all(
    variants.map(async each => ({
      ...each,
      ...{ exchanges: await openExchanges(each.variant, options.connections, stop), series: [], made: 0 },
    })),
  );
  for (let sample = 1; sample <= options.samples; sample++) {
    const untilMs = performance.now() + (options.seconds * 1000) / options.samples;
    await Promise.all(soaking.map(each => callUntil(untilMs, each, options.rate / soaking.length)));
    for (const { gateway, variant, series, made } of soaking) {
      const held = await gateway.look(made);
      series.push(held);
      options.progress(variant.name, held);
    }
  }
  return new Map(soaking.map(({ variant, series }) => [variant.name, judged(series)]));
}

/** Makes calls at a rate, on all connections by turns. Calls that are late are not made up for. */
async function callUntil(untilMs: number, soaking: Soaking, rate: number): Promise<void> {
  const { exchanges, variant } = soaking;
  const intervalMs = (1000 * exchanges.length) / rate;
  await Promise.all(
    exchanges.map(async (exchange, index) => {
      let dueMs = performance.now() + (index * intervalMs) / exchanges.length;
      while (dueMs < untilMs) {
        await sleep(Math.max(0, dueMs - performance.now()));
        soaking.made += 1;
        await soakCall(exchange, variant, soaking.made);
        dueMs = Math.max(dueMs + intervalMs, performance.now());
      }
    }),
  );
}
