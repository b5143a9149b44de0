/** A gateway that tells its parent what it holds. A process of its own, with `--expose-gc`. */
import { readdirSync, readlinkSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { createHost } from '@sallyport/host';
import { loadConfig } from '@sallyport/host/config';
import { silentLog } from '@sallyport/host/log';
import type { Holding } from './soak-verdict.ts';

const config = await loadConfig(process.argv[2] ?? '');
const host = await createHost(config, { log: silentLog() });
const { url } = await host.server.listen({ host: '127.0.0.1', port: 0 });

async function holding(calls: number): Promise<Holding> {
  // Finalizers run between collections, and what they let go of goes with the next one.
  for (let round = 0; round < 3; round++) {
    globalThis.gc?.();
    await sleep(50);
  }
  const { rss, heapUsed } = process.memoryUsage();
  const files = readdirSync('/proc/self/fd').map(targetOf);
  const plugins = [...host.usage().values()].reduce((sum, { memoryBytes }) => sum + memoryBytes, 0);
  return {
    calls,
    seconds: process.uptime(),
    rss_mb: rss / 1e6,
    heap_mb: heapUsed / 1e6,
    plugins_mb: plugins / 1e6,
    threads: readdirSync('/proc/self/task').length,
    files: files.length,
    sockets: files.filter(target => target.startsWith('socket:')).length,
    resources: process.getActiveResourcesInfo().length,
  };
}

/** Returns what a descriptor leads to. The one that lists them is closed already. */
function targetOf(descriptor: string): string {
  try {
    return readlinkSync(`/proc/self/fd/${descriptor}`);
  } catch {
    return '';
  }
}

process.on('message', (calls: number) => void holding(calls).then(found => process.send?.(found)));
process.on('disconnect', () => process.exit());
process.send?.(url);
