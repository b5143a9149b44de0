import { existsSync, mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * Makes a folder with its parents, and throws what keeps the first missing one from being made. Node's own way says on a
 * read-only file system that the folder is not there, and never ends where a file system takes no folders, as /proc.
 */
export function makeFolderSync(path: string, mode?: number): void {
  try {
    mkdirSync(path, { mode });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST' && statSync(path).isDirectory()) return;
    if (code !== 'ENOENT' || existsSync(dirname(path))) throw error;
    makeFolderSync(dirname(path), mode);
    makeFolderSync(path, mode);
  }
}

/** The same, for what waits anyway. */
export async function makeFolder(path: string, mode?: number): Promise<void> {
  makeFolderSync(path, mode);
}
