import { randomUUID } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { makeFolder } from './make-folder.ts';

/** Returns a name in `folder` that no other process uses. Creates the folder. */
export async function temporaryFile(folder: string): Promise<string> {
  await makeFolder(folder);
  return join(folder, randomUUID());
}

/**
 * Writes a file so that after a crash it is complete or does not exist: temporary file, fsync, rename, fsync of the
 * folder. `temporary` is a folder on the same file system.
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

/** Moves a synced file to its final name. */
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
