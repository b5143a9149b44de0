import { randomUUID } from 'node:crypto';
import { linkSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { makeFolderSync } from './make-folder.ts';
import { readRegularFileSync } from './regular-file.ts';

/**
 * Reads a file that only its owner can read, such as a key, and creates it if it is missing.
 * @throws the system's error; an Error if other users can read it
 */
export function readOrCreateOwnerOnly(file: string, create: () => string | Uint8Array): Buffer {
  return readOwnerOnly(file) ?? createOwnerOnly(file, create);
}

function readOwnerOnly(file: string): Buffer | undefined {
  const status = statSync(file, { throwIfNoEntry: false });
  if (status === undefined) return undefined;
  if ((status.mode & 0o077) !== 0) throw new Error('other users can read it; set its mode to 0600');
  return readRegularFileSync(file);
}

function createOwnerOnly(file: string, create: () => string | Uint8Array): Buffer {
  makeFolderSync(dirname(file), 0o700);
  const draft = `${file}.${process.pid}.${randomUUID()}`;
  writeFileSync(draft, create(), { mode: 0o600, flag: 'wx' });
  try {
    // Two processes may create it at the same time. The first one wins, and the other takes its file.
    linkSync(draft, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    rmSync(draft);
  }
  return readOrCreateOwnerOnly(file, create);
}
