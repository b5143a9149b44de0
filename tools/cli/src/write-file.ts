import { randomUUID } from 'node:crypto';
import { rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { writeDurably } from '@sallyport/host/core/durable-file';
import { fail } from '@sallyport/host/core/fault';
import { fileProblem } from '@sallyport/host/core/file-problem';

/**
 * Writes a file that is not there yet: whole, or not at all, when it is interrupted or the disk is full.
 * @throws Fault `file_exists`, `file_unwritable`; then it is as it was before
 */
export async function writeNew(file: string, content: string | Uint8Array, mode = 0o644): Promise<void> {
  const draft = join(dirname(resolve(file)), `.${randomUUID()}`);
  try {
    await writeFile(draft, content, { mode, flag: 'wx', flush: true });
    // Takes the name, and nobody else's: a move alone would overwrite.
    await writeFile(file, '', { mode, flag: 'wx' });
    await rename(draft, file);
  } catch (error) {
    await rm(draft, { force: true });
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') return fail('file_exists', { file });
    return unwritable(file, error);
  }
}

/** Writes a file whole, or leaves it as it was: a crash or a full disk in the middle included. @throws Fault `file_unwritable` */
export async function replaceFile(file: string, bytes: Uint8Array): Promise<void> {
  try {
    await writeDurably(file, bytes, dirname(resolve(file)));
  } catch (error) {
    return unwritable(file, error);
  }
}

const unwritable = (file: string, error: unknown): never =>
  fail('file_unwritable', { file, what: fileProblem(error) }, error);
