import { randomUUID } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { makeFolder } from './make-folder.ts';

/** A name in `folder` that no other process uses. The folder is made. */
export async function temporaryFile(folder: string): Promise<string> {
  await makeFolder(folder);
  return join(folder, randomUUID());
}

/**
 * Writes a file so that after a crash it is there with all of its bytes, or not at all: temporary file, fsync, rename,
 * fsync of the folder. `temporary` is a folder on the same file system.
 */
export async function writeDurably(
  file: string,
  bytes: Uint8Array,
  temporary: string,
  mode: number = 0o644,
): Promise<void> {
  const draft = await temporaryFile(temporary);
  try {
    await using handle = await open(draft, 'wx', mode);
    await handle.writeFile(bytes);
    await handle.sync();
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
  await moveDurably(draft, file);
}

/** Moves a file that is synced already to its final name. */
export async function moveDurably(draft: string, file: string): Promise<void> {
  try {
    await makeFolder(dirname(file));
    await rename(draft, file);
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
  await using folder = await open(dirname(file), 'r');
  await folder.sync();
}
