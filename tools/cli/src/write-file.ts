import { rm, writeFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { fail } from '@sallyport/host/core/fault';
import { writeDurably } from '@sallyport/host/source/durable-file';

/** Writes a file that is not there yet. @throws Fault `file_exists`, `file_unwritable`; then it is as it was before */
export async function writeNew(file: string, content: string | Uint8Array, mode = 0o644): Promise<void> {
  try {
    await writeFile(file, content, { mode, flag: 'wx', flush: true });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') return fail('file_exists', { file });
    if (code !== 'ENOENT' && code !== 'EACCES') await rm(file, { force: true });
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
  fail('file_unwritable', { file, what: (error as NodeJS.ErrnoException).code ?? String(error) }, error);
