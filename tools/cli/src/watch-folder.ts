import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

const everyMs = 300;
/** Files that builds create. */
const ignored = /^(\..*|target|node_modules|__pycache__|.*\.(wasm|sig|zip))$/;

/** Whether a file or folder of this name in a plugin's folder is a source. */
export const isSource = (name: string): boolean => !ignored.test(name);

/**
 * Yields at once, and again whenever the sources in a folder, or one more file, have changed since the last time; ends
 * when `signal` aborts. Changes made while the reader is busy are not missed.
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

/** Returns the names, times and sizes of a folder's sources, which change when a source does. */
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
