import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildSoakPlugins } from './gateway.ts';
import { startProgram } from './process.ts';
import { address } from './sample.ts';
import { openExchanges, soakCall, startSoakGateway } from './soak-process.ts';
import { type Course, type Holding, judge } from './soak-verdict.ts';
import { openVariant } from './variant.ts';

export interface SoakOptions {
  readonly calls: number;
  /** One of this many calls traps. */
  readonly trapEvery: number;
  readonly connections: number;
  /** Moments at which the gateway is looked at, evenly spread. */
  readonly samples: number;
  /** Told of each of them. */
  progress(held: Holding): void;
}

export interface Soaked {
  readonly series: readonly Holding[];
  readonly courses: readonly Course[];
  /** Whether nothing grows. */
  readonly steady: boolean;
}

/**
 * Calls a tool through a gateway with two plugins, one of which traps on request. Each answer is checked: a
 * call that is not what it should be ends the soak.
 */
export async function soak({ calls, trapEvery, connections, samples, progress }: SoakOptions): Promise<Soaked> {
  await using stop = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'sallyport-soak-'));
  stop.defer(() => rm(folder, { recursive: true, force: true }));
  const [trapping, redacting] = await buildSoakPlugins(folder);
  const upstream = await startProgram('upstream', [], stop);
  const gateway = await startSoakGateway('soak', upstream.url, [trapping, redacting.entry], folder, stop);
  const variant = await openVariant('soak', gateway, text => text.replace(address, redacting.replacement));
  const exchanges = await openExchanges(variant, connections, stop);
  const series: Holding[] = [];
  let made = 0;
  for (let sample = 1; sample <= samples; sample++) {
    const due = Math.round((calls * sample) / samples);
    await Promise.all(
      exchanges.map(async exchange => {
        while (made < due) {
          made += 1;
          await soakCall(exchange, variant, made, made % trapEvery === 0);
        }
      }),
    );
    const held = await gateway.look(made);
    series.push(held);
    progress(held);
  }
  return judged(series);
}

/** Judges what a gateway held. */
export function judged(series: readonly Holding[]): Soaked {
  const courses = judge(series);
  return { series, courses, steady: !courses.some(({ grows }) => grows) };
}
