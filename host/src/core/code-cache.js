// JavaScript, because loading Node's TypeScript support takes 50 ms until this cache is on.
import { mkdirSync } from 'node:fs';
import { enableCompileCache, getCompileCacheDir } from 'node:module';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { foreignWriter } from './foreign-writer.js';

const ownFolder = () => join(homedir(), '.cache/sallyport/code');

/**
 * Makes Node cache the result of stripping types and compiling, so that the next start reads it instead. Anyone who can
 * write to the cache can run code as this user, so a folder that others can write to or replace is not used. Without a
 * folder the start is slower. If NODE_COMPILE_CACHE is set, Node has enabled the cache already.
 * @param {string} [folder]
 * @returns {void}
 */
export function useCodeCache(folder) {
  if (getCompileCacheDir() !== undefined) return;
  try {
    // A user who is in no user database has no home folder, and os.homedir() throws.
    const place = folder ?? ownFolder();
    mkdirSync(place, { recursive: true, mode: 0o700 });
    if (process.getuid !== undefined && foreignWriter(place) === undefined) enableCompileCache(place);
  } catch {}
}

/**
 * Returns the environment with which one of our threads uses the same cache.
 * @returns {Readonly<Record<string, string>>}
 */
export function codeCacheEnvironment() {
  const folder = getCompileCacheDir();
  // Node reports a subfolder for its version, not the folder it was given.
  return folder === undefined ? {} : { NODE_COMPILE_CACHE: dirname(folder) };
}
