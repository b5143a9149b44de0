import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

const everyMs = 300;
/** What builds make or bring along. */
const ignored = /^(\..*|target|node_modules|__pycache__|.*\.(wasm|sig|zip))$/;

/** Yields once for each change of the sources in a folder, and ends when `signal` aborts. */
export async function* watchFolder(folder: string, signal: AbortSignal): AsyncGenerator<void> {
  let before = await stateOf(folder);
  while (!signal.aborted) {
    await wait(everyMs, undefined, { signal }).catch(() => {});
    const now = await stateOf(folder);
    if (now === before) continue;
    before = now;
    yield;
  }
}

/** Says the same as long as nothing changes: names, times and sizes. */
async function stateOf(folder: string): Promise<string> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  const states = entries
    .filter(({ name }) => !ignored.test(name))
    .map(async entry => {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) return `${entry.name}(${await stateOf(path)})`;
      const { mtimeMs, size } = (await stat(path).catch(() => undefined)) ?? {};
      return `${entry.name} ${mtimeMs} ${size}`;
    });
  return (await Promise.all(states)).join('\n');
}
