import { existsSync, mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * Creates a folder with its parents, and throws the error of the first one that cannot be created. Node's `recursive`
 * says "no such folder" on a read-only file system, and never returns on file systems without folder creation, such as
 * /proc.
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

/** Creates a folder synchronously, like `makeFolder`. */
export async function makeFolder(path: string, mode?: number): Promise<void> {
  makeFolderSync(path, mode);
}
