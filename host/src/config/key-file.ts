import { resolve } from 'node:path';
import { fileProblem } from '../core/file-problem.ts';
import type { JsonObject } from '../core/json.ts';
import { readRegularFile } from '../core/regular-file.ts';
import { memberAt } from './member-at.ts';
import type { Problem } from './problem.ts';
import { inSections } from './schema.ts';

/** The texts of the configured key files, by the name in the configuration. */
export interface KeyFiles {
  readonly texts: ReadonlyMap<string, string>;
  readonly problems: readonly Problem[];
}

/** The largest accepted key file. The PEM of a public key has 113 bytes. */
const sizeLimit = 16 * 1024;

/** Reads the files with public keys that the sections name, relative to `folder`. `reads` gets each before it is read. */
export async function readKeyFiles(
  value: JsonObject,
  folder: string,
  reads?: (file: string) => void,
): Promise<KeyFiles> {
  const texts = new Map<string, string>();
  const problems: Problem[] = [];
  const paths = inSections(value, section => section.keyFiles?.(value));
  for (const path of paths) {
    const name = memberAt(value, path);
    if (typeof name !== 'string') continue;
    const file = resolve(folder, name);
    reads?.(file);
    try {
      const content = await readRegularFile(file);
      if (content.length > sizeLimit) throw new Error(`it has ${content.length} bytes`);
      texts.set(name, content.toString('utf8'));
    } catch (error) {
      problems.push({
        path,
        message: `the key file cannot be read: ${fileProblem(error)}`,
        hint: `create ${file}, or correct the path`,
      });
    }
  }
  return { texts, problems };
}
