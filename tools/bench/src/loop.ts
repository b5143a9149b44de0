import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Exchange } from './exchange.ts';
import { buildPlugin, buildPlugins, inline, type PluginEntry, startGateway } from './gateway.ts';
import { median } from './median.ts';
import { startProgram } from './process.ts';
import { address, sampleText } from './sample.ts';
import { openVariant } from './variant.ts';

/** How a gateway stops a plugin that loops, and what happens to the other requests meanwhile. */
export interface LoopRow {
  readonly isolation: 'pooled' | 'inline';
  /** The median time of a looping call, in milliseconds; where it is pooled, beyond its deadline. */
  readonly stopped_after_ms: number;
  readonly others: number;
  readonly failed: number;
}

const deadlineMs = 500;
const size = 200;
const loops = 10;
/** Between loops, so that the other calls meet the plugin before, while and after it is stopped. */
const pauseMs = 50;
/** Connections that keep calling while the plugin loops. */
const besides = 4;

const looping = `export const lifecycle = { configure() {} };
export const dispatchHooks = {
  beforeDispatch(_context, request) {
    if (JSON.parse(request.val.arguments).loop) for (;;);
    return { tag: 'proceed' };
  },
  afterDispatch: () => ({ tag: 'proceed' }),
};
`;

/** Makes calls in which a plugin of the chain loops, beside calls through the same chain that are each checked. */
export async function measureLoops(parent: string): Promise<readonly LoopRow[]> {
  // Other chains have built plugins of the same names.
  const folder = join(parent, 'loops');
  await mkdir(folder);
  const [redacting] = await buildPlugins('js', 1, folder);
  if (redacting === undefined) throw new Error('no plugin was built');
  const entry = await buildPlugin('looping', looping, folder);
  const pooled = [{ ...entry, limits: { timeout_ms: deadlineMs } }, redacting.entry];
  return [
    await measure('pooled', pooled, deadlineMs, redacting.replacement, folder),
    await measure('inline', [entry, redacting.entry].map(inline), 0, redacting.replacement, folder),
  ];
}

async function measure(
  isolation: LoopRow['isolation'],
  entries: readonly PluginEntry[],
  allowedMs: number,
  replacement: string,
  folder: string,
): Promise<LoopRow> {
  await using stop = new AsyncDisposableStack();
  const upstream = await startProgram('upstream', [], stop);
  const running = await startGateway(`loop-${isolation}`, upstream.url, entries, folder, stop);
  const variant = await openVariant('loop', running, text => text.replace(address, replacement));
  const expected = variant.expected(sampleText(size));
  const open = () => Exchange.open(new URL(variant.url), variant.headers);
  const call = async (exchange: Exchange, id: number, loop: boolean) => {
    const params = { name: variant.tool, arguments: { size, loop } };
    return JSON.parse(await exchange.post(JSON.stringify({ jsonrpc: '2.0', id, method: 'tools/call', params })));
  };

  let [others, failed, isOver] = [0, 0, false];
  const honest = Array.from({ length: besides }, async () => {
    const exchange = await open();
    while (!isOver) {
      const answer = await call(exchange, others, false);
      others += 1;
      if (answer.result?.content?.[0]?.text !== expected) failed += 1;
    }
    exchange.close();
  });
  const times: number[] = [];
  const exchange = await open();
  for (let count = 0; count < loops; count += 1) {
    const began = performance.now();
    const answer = await call(exchange, count, true);
    if (answer.error?.data?.code !== 'plugin_failed') throw new Error(`not stopped: ${JSON.stringify(answer)}`);
    times.push(performance.now() - began - allowedMs);
    await sleep(pauseMs);
  }
  isOver = true;
  exchange.close();
  await Promise.all(honest);
  return { isolation, stopped_after_ms: Math.round(median(times)), others, failed };
}
