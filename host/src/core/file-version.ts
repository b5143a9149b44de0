import { type Stats, statSync } from 'node:fs';
import { stat } from 'node:fs/promises';

/**
 * Returns a text that changes with a file. It is empty while the file does not exist or cannot be looked at; the
 * reason appears when it is read.
 */
export function fileVersion(file: string): string {
  try {
    return versionOf(statSync(file));
  } catch {
    return '';
  }
}

/** Returns the same without holding up the process, for files that may be on a network. */
export const fileVersionLater = (file: string): Promise<string> => stat(file).then(versionOf, () => '');

const versionOf = ({ ino, size, mtimeMs, ctimeMs }: Stats): string => `${ino} ${size} ${mtimeMs} ${ctimeMs}`;
