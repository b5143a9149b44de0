import { statSync } from 'node:fs';

/**
 * Returns a text that changes with a file. It is empty while the file does not exist or cannot be looked at; the
 * reason appears when it is read.
 */
export function fileVersion(file: string): string {
  try {
    const { ino, size, mtimeMs, ctimeMs } = statSync(file);
    return `${ino} ${size} ${mtimeMs} ${ctimeMs}`;
  } catch {
    return '';
  }
}
