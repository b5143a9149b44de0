import { statSync } from 'node:fs';
import { rename, writeFile } from 'node:fs/promises';
import { readRegularFileSync } from '../core/regular-file.ts';
import { isNotFound } from '../core/system-error.ts';
import { type PublicKeys, signedPlace } from './read-checkpoint.ts';
import type { Place } from './sealed-line.ts';

/** A checkpoint is shorter. */
const longest = 2 ** 16;

const headOf = (file: string) => `${file}.head`;

/**
 * Reads where the chain of a file was when it was signed last; its lines may have been moved away since. Returns
 * undefined if there is no such file, and `invalid` if it is not what a gateway with one of these keys has written.
 */
export function readHead(file: string, keys: PublicKeys): Place | 'invalid' | undefined {
  try {
    if (statSync(headOf(file)).size > longest) return 'invalid';
    return signedPlace(readRegularFileSync(headOf(file)), keys) ?? 'invalid';
  } catch (error) {
    return isNotFound(error) ? undefined : 'invalid';
  }
}

/** Keeps the last checkpoint beside the file, so that a chain continues after its file was moved away. @throws the system's error */
export async function writeHead(file: string, checkpoint: string): Promise<void> {
  const draft = `${headOf(file)}.draft`;
  await writeFile(draft, checkpoint, { mode: 0o600 });
  await rename(draft, headOf(file));
}
