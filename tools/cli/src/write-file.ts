import { randomUUID } from 'node:crypto';
import { rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { fail, fileProblem, writeDurably } from '@sallyport/host/core';

/**
 * Creates a new file, completely or not at all, also when interrupted or when the disk is full.
 * @throws Fault `file_exists`, `file_unwritable`; nothing has changed then
 */
export async function writeNew(file: string, content: string | Uint8Array, mode = 0o644): Promise<void> {
  const draft = join(dirname(resolve(file)), `.${randomUUID()}`);
  try {
    await writeFile(draft, content, { mode, flag: 'wx', flush: true });
    // Reserves the name exclusively: a move alone would overwrite an existing file.
    await writeFile(file, '', { mode, flag: 'wx' });
    await rename(draft, file);
  } catch (error) {
    await rm(draft, { force: true });
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') return fail('file_exists', { file });
    return unwritable(file, error);
  }
}

/** Replaces a file completely, or leaves it unchanged, even after a crash or on a full disk. @throws Fault `file_unwritable` */
export async function replaceFile(file: string, bytes: Uint8Array): Promise<void> {
  try {
    await writeDurably(file, bytes, dirname(resolve(file)));
  } catch (error) {
    return unwritable(file, error);
  }
}

const unwritable = (file: string, error: unknown): never =>
  fail('file_unwritable', { file, what: fileProblem(error) }, error);
