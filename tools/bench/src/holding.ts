import { readdirSync, readlinkSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Holding } from './soak-verdict.ts';

/** Collects garbage in this process, which needs `--expose-gc`, and returns what it then holds. */
export async function holdingNow(calls: number, pluginBytes: () => number): Promise<Holding> {
  // Finalizers run between collections, and what they let go of goes with the next one.
  for (let round = 0; round < 3; round++) {
    globalThis.gc?.();
    await sleep(50);
  }
  const { rss, heapUsed } = process.memoryUsage();
  const files = readdirSync('/proc/self/fd').map(targetOf);
  return {
    calls,
    seconds: process.uptime(),
    rss_mb: rss / 1e6,
    heap_mb: heapUsed / 1e6,
    plugins_mb: pluginBytes() / 1e6,
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
