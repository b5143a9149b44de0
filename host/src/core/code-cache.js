// JavaScript, because Node takes a twentieth of a second to load what reads TypeScript, unless the cache is on already.
import { mkdirSync } from 'node:fs';
import { enableCompileCache, getCompileCacheDir } from 'node:module';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { foreignWriter } from './foreign-writer.js';

const ownFolder = () => join(homedir(), '.cache/sallyport/code');

/**
 * Has Node keep what it made of source text (types stripped, code compiled), so that the next start reads it in place
 * of making it again. Whoever can write there can run code as us: a folder that others can write, or replace, is not used. Without a
 * folder all goes on, slower. Where NODE_COMPILE_CACHE is set, Node has done it already.
 * @param {string} [folder]
 * @returns {void}
 */
export function useCodeCache(folder) {
  if (getCompileCacheDir() !== undefined) return;
  try {
    // A user whom no user database knows has no home folder, and asking for it throws.
    const place = folder ?? ownFolder();
    mkdirSync(place, { recursive: true, mode: 0o700 });
    if (process.getuid !== undefined && foreignWriter(place) === undefined) enableCompileCache(place);
  } catch {}
}

/**
 * The environment with which a thread of ours uses the same cache.
 * @returns {Readonly<Record<string, string>>}
 */
export function codeCacheEnvironment() {
  const folder = getCompileCacheDir();
  // Node names a folder of its own version below the one that it was given.
  return folder === undefined ? {} : { NODE_COMPILE_CACHE: dirname(folder) };
}
