import { resolve } from 'node:path';
import { fileProblem } from '../core/file-problem.ts';
import { readRegularFile } from '../core/regular-file.ts';
import { memberAt } from './member-at.ts';
import type { Problem } from './problem.ts';
import { indices } from './stated-text.ts';

/** The texts of the key files that the configuration names, by the name that it gives them. */
export interface KeyFiles {
  readonly texts: ReadonlyMap<string, string>;
  readonly problems: readonly Problem[];
}

/** A PEM of a public key has 113 bytes; a file of more than 16 KiB is something else. */
const sizeLimit = 16 * 1024;

/** Reads `trust.keys[].file` and `plugins[].source.public_key_file`, relative to `folder`. */
export async function readKeyFiles(value: unknown, folder: string): Promise<KeyFiles> {
  const texts = new Map<string, string>();
  const problems: Problem[] = [];
  const paths = [
    ...indices(value, ['trust', 'keys']).map(index => ['trust', 'keys', index, 'file']),
    ...indices(value, ['plugins']).map(index => ['plugins', index, 'source', 'public_key_file']),
  ];
  for (const path of paths) {
    const name = memberAt(value, path);
    if (typeof name !== 'string') continue;
    try {
      const content = await readRegularFile(resolve(folder, name));
      if (content.length > sizeLimit) throw new Error(`it has ${content.length} bytes`);
      texts.set(name, content.toString('utf8'));
    } catch (error) {
      problems.push({
        path,
        message: `the key file cannot be read: ${fileProblem(error)}`,
        hint: `looked for ${resolve(folder, name)}`,
      });
    }
  }
  return { texts, problems };
}
