import { dirname, join, parse } from 'node:path';
import { writeDurably } from '../core/durable-file.ts';
import { fail } from '../core/fault.ts';
import { fileProblem } from '../core/file-problem.ts';
import { readRegularFile } from '../core/regular-file.ts';
import { isNotFound } from '../core/system-error.ts';
import { formatLockfile, type Lockfile, parseLockfile } from './lockfile.ts';

/** Returns the lockfile of a configuration, which is beside it: `sallyport.lock` for `sallyport.yaml`. */
export const lockfileOf = (config: string): string => join(dirname(config), `${parse(config).name}.lock`);

/** Reads a lockfile; returns undefined if the file does not exist. @throws Faults of `lockfile_unusable` */
export async function readLockfile(file: string): Promise<Lockfile | undefined> {
  const text = await readRegularFile(file).catch(error =>
    isNotFound(error) ? undefined : fail('lockfile_unusable', { file, reason: fileProblem(error) }, error),
  );
  return text === undefined ? undefined : parseLockfile(text.toString('utf8'), file);
}

/** Replaces the file as a whole, so that readers see the old or the new one. @throws Fault `lockfile_unusable` */
export async function writeLockfile(file: string, lockfile: Lockfile): Promise<void> {
  try {
    await writeDurably(file, Buffer.from(formatLockfile(lockfile)), dirname(file));
  } catch (error) {
    fail('lockfile_unusable', { file, reason: fileProblem(error) }, error);
  }
}
