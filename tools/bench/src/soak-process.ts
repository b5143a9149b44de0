import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { Exchange } from './exchange.ts';
import type { PluginEntry } from './gateway.ts';
import { forkProgram, pidOf, type Running } from './process.ts';
import { sampleText } from './sample.ts';
import type { Holding } from './soak-verdict.ts';
import type { Variant } from './variant.ts';

/** A gateway in a process of its own that reports what it holds. */
export interface SoakGateway extends Running {
  /** Collects garbage in the gateway and returns what it then holds. No call may be running. */
  look(calls: number): Promise<Holding>;
}

/** Bytes of text in an answer. */
const size = 200;

/** Starts a gateway with the memory settings of `serve`, in front of one upstream and with one chain of all plugins. */
export async function startSoakGateway(
  name: string,
  upstream: string,
  plugins: readonly PluginEntry[],
  folder: string,
  stop: AsyncDisposableStack,
): Promise<SoakGateway> {
  const config = {
    cache_dir: join(folder, 'cache'),
    kv: { store: 'memory' },
    // A machine that is busy must not be taken for a plugin that loops.
    limits: { plugin: { timeout_ms: 30_000, cpu_ms: 30_000 } },
    plugins,
    upstreams: [{ id: 'soak', http: { url: upstream } }],
    bindings: [{ id: 'soak', upstreams: ['soak'], transforms: plugins.map(({ id }) => id) }],
  };
  const file = join(folder, `${name}.yaml`);
  await writeFile(file, stringify(config));
  const flags = ['--expose-gc', '--max-semi-space-size=8'];
  const gateway = forkProgram('soak-gateway', [file], stop, flags, { MALLOC_ARENA_MAX: '1' });
  const ended = once(gateway, 'exit').then(([code]) => Promise.reject(new Error(`${name} ended with ${code}`)));
  // It ends with the soak, too.
  ended.catch(() => {});
  const next = async () => {
    const [message] = await Promise.race([once(gateway, 'message'), ended]);
    return message;
  };
  return {
    url: `${await next()}/mcp`,
    pid: pidOf(gateway),
    look(calls) {
      gateway.send(calls);
      return next();
    },
  };
}

/** Opens connections to a gateway, which are closed with `stop`. */
export async function openExchanges(
  { url, headers }: Variant,
  count: number,
  stop: AsyncDisposableStack,
): Promise<readonly Exchange[]> {
  const exchanges = await Promise.all(Array.from({ length: count }, () => Exchange.open(new URL(url), headers)));
  stop.defer(() => {
    for (const exchange of exchanges) exchange.close();
  });
  return exchanges;
}

const expectedText = sampleText(size);

/** Calls the tool once. @throws Error for an answer that is wrong; to a call that traps, an error is right */
export async function soakCall(
  exchange: Exchange,
  { name, tool, args, expected }: Variant,
  id: number,
  trap = false,
): Promise<void> {
  const params = { name: tool, arguments: { size, ...args, ...(trap && { trap }) } };
  const answer = JSON.parse(await exchange.post(JSON.stringify({ jsonrpc: '2.0', id, method: 'tools/call', params })));
  const isRight = trap
    ? answer.error?.data?.code === 'plugin_failed'
    : answer.result?.content?.[0]?.text === expected(expectedText);
  if (answer.id !== id || !isRight) {
    const what = `call ${id} of ${name}${trap ? ', which traps' : ''}`;
    throw new Error(`a wrong answer to ${what}: ${JSON.stringify(answer)}`);
  }
}
