import { statSync } from 'node:fs';

/**
 * Returns a text that changes with a file. It is empty while there is none, and while it cannot be looked at: who watches
 * a file learns why when reading it.
 */
export function fileVersion(file: string): string {
  try {
    const { ino, size, mtimeMs, ctimeMs } = statSync(file);
    return `${ino} ${size} ${mtimeMs} ${ctimeMs}`;
  } catch {
    return '';
  }
}
