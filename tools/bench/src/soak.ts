import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { Exchange } from './exchange.ts';
import { buildSoakPlugins } from './gateway.ts';
import { forkProgram, startProgram } from './process.ts';
import { address, sampleText } from './sample.ts';
import { type Course, type Holding, judge } from './soak-verdict.ts';
import { openVariant, type Variant } from './variant.ts';

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

const size = 200;

/**
 * Calls a tool through a gateway with two plugins, one of which traps on request. Each answer is checked: a
 * call that is not what it should be ends the soak.
 */
export async function soak({ calls, trapEvery, connections, samples, progress }: SoakOptions): Promise<Soaked> {
  await using stop = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'sallyport-soak-'));
  stop.defer(() => rm(folder, { recursive: true, force: true }));
  const [trapping, redacting] = await buildSoakPlugins(folder);
  const entries = [trapping, redacting.entry];
  const upstream = await startProgram('upstream', [], stop);
  const file = join(folder, 'sallyport.yaml');
  const config = {
    cache_dir: join(folder, 'cache'),
    // A machine that is busy must not be taken for a plugin that loops.
    limits: { plugin: { timeout_ms: 30_000, cpu_ms: 30_000 } },
    plugins: entries,
    upstreams: [{ id: 'soak', http: { url: upstream.url } }],
    bindings: [{ id: 'soak', upstreams: ['soak'], transforms: entries.map(({ id }) => id) }],
  };
  await writeFile(file, stringify(config));
  const gateway = forkProgram('soak-gateway', [file], stop, ['--expose-gc']);
  const ended = once(gateway, 'exit').then(([code]) => Promise.reject(new Error(`the gateway ended with ${code}`)));
  const next = async () => {
    const [message] = await Promise.race([once(gateway, 'message'), ended]);
    return message;
  };
  // It ends with the soak, too.
  ended.catch(() => {});
  const url = `${await next()}/mcp`;
  const variant = await openVariant('soak', { url, pid: gateway.pid ?? 0 }, text =>
    text.replace(address, redacting.replacement),
  );

  const exchanges = await Promise.all(
    Array.from({ length: connections }, () => Exchange.open(new URL(variant.url), variant.headers)),
  );
  stop.defer(() => {
    for (const exchange of exchanges) exchange.close();
  });
  const series: Holding[] = [];
  let made = 0;
  for (let sample = 1; sample <= samples; sample++) {
    const due = Math.round((calls * sample) / samples);
    await Promise.all(
      exchanges.map(async exchange => {
        while (made < due) {
          made += 1;
          await call(exchange, variant, made, made % trapEvery === 0);
        }
      }),
    );
    gateway.send(made);
    const held: Holding = await next();
    series.push(held);
    progress(held);
  }
  const courses = judge(series);
  return { series, courses, steady: !courses.some(({ grows }) => grows) };
}

const expectedText = sampleText(size);

async function call(exchange: Exchange, { tool, expected }: Variant, id: number, trap: boolean): Promise<void> {
  const params = { name: tool, arguments: { size, trap } };
  const answer = JSON.parse(await exchange.post(JSON.stringify({ jsonrpc: '2.0', id, method: 'tools/call', params })));
  const isRight = trap
    ? answer.error?.data?.code === 'plugin_failed'
    : answer.result?.content?.[0]?.text === expected(expectedText);
  if (answer.id !== id || !isRight) {
    throw new Error(`a wrong answer to call ${id}${trap ? ', which traps' : ''}: ${JSON.stringify(answer)}`);
  }
}
