import { flushCompileCache, getCompileCacheDir } from 'node:module';

/**
 * Saves the code that this thread has compiled so far to the cache, see useCodeCache. A thread that is terminated
 * cannot do it at its end. It is separate from the choice of the folder, so that lanes need no access to files.
 */
export function saveCodeCache(): void {
  if (getCompileCacheDir() !== undefined) flushCompileCache();
}
