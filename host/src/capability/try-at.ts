import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { Fault, Faults, toFaults } from '../core/fault.ts';

/**
 * Tries to open a file that is written to. One that is not there is tried under its name in a folder beside it, which
 * is removed again: a check of a configuration must not create files that another user is to write to.
 * @throws Faults of what `open` throws, about `path`
 */
export function tryAt(path: string, { makesFolders }: { makesFolders: boolean }, open: (path: string) => void): void {
  let folder = dirname(path);
  while (makesFolders && !existsSync(folder) && folder !== dirname(folder)) folder = dirname(folder);
  if (existsSync(path) || !existsSync(folder)) return void open(path);
  let place: string | undefined;
  try {
    place = mkdtempSync(join(folder, '.sallyport-check-'));
  } catch {
    // Nothing can be made there: opening says so, in its own words.
    return void open(path);
  }
  const tried = join(place, basename(path));
  try {
    open(tried);
  } catch (error) {
    const about = (text: unknown) => (typeof text === 'string' ? text.replaceAll(tried, path) : text);
    throw new Faults(
      toFaults(error).map(
        fault => new Fault(fault.code, { ...fault.details, file: path, reason: about(fault.details.reason) }),
      ),
    );
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
}
