import { flushCompileCache, getCompileCacheDir } from 'node:module';

/**
 * Writes down what was compiled in this thread so far, where it is kept: see useCodeCache. Whoever is killed has no other
 * time to do it. It stands apart from what chooses the folder, because lanes need nothing of files.
 */
export function saveCodeCache(): void {
  if (getCompileCacheDir() !== undefined) flushCompileCache();
}
