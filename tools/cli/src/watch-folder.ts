import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

const everyMs = 300;
/** What builds make or bring along. */
const ignored = /^(\..*|target|node_modules|__pycache__|.*\.(wasm|sig|zip))$/;

/** Whether a file or folder of this name, in the folder of a plugin, is the author's. */
export const isSource = (name: string): boolean => !ignored.test(name);

/**
 * Yields at once, and again whenever the sources in a folder, or a file beside them, are others than when it last did;
 * ends when `signal` aborts.
 * What changes while the reader is busy is not missed.
 */
export async function* watchFolder(folder: string, signal: AbortSignal, file?: string): AsyncGenerator<void> {
  let last: string | undefined;
  while (!signal.aborted) {
    const now = `${await stateOf(folder)}\n${file === undefined ? '' : await stateOfFile(file)}`;
    if (now === last) {
      await wait(everyMs, undefined, { signal }).catch(() => {});
    } else {
      last = now;
      yield;
    }
  }
}

/** Says the same as long as nothing changes: names, times and sizes. */
async function stateOf(folder: string): Promise<string> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  const states = entries
    .filter(({ name }) => isSource(name))
    .map(async entry => {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) return `${entry.name}(${await stateOf(path)})`;
      return `${entry.name} ${await stateOfFile(path)}`;
    });
  return (await Promise.all(states)).join('\n');
}

async function stateOfFile(path: string): Promise<string> {
  const { mtimeMs, size } = (await stat(path).catch(() => undefined)) ?? {};
  return `${mtimeMs} ${size}`;
}
