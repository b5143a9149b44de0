import { randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { type Digest, digestOf } from '../core/digest.ts';

const indexSchema = z.record(z.string().regex(/^[\w.-]+$/), z.string());

/**
 * What jco made of components, on disk. An entry is a folder that appears whole (written beside, then renamed) and
 * whose files are hashed again when they are read; anything that does not fit is made anew.
 */
export class CompileCache {
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
  }

  async read(key: Digest): Promise<ReadonlyMap<string, Uint8Array> | undefined> {
    const folder = this.#folder(key);
    try {
      const index = indexSchema.parse(JSON.parse(await readFile(join(folder, 'index.json'), 'utf8')));
      const files = new Map<string, Uint8Array>();
      for (const [name, digest] of Object.entries(index)) {
        const bytes = await readFile(join(folder, name));
        if (digestOf(bytes) !== digest) return undefined;
        files.set(name, bytes);
      }
      return files;
    } catch {
      return undefined;
    }
  }

  async write(key: Digest, files: ReadonlyMap<string, Uint8Array>): Promise<void> {
    await mkdir(this.#directory, { recursive: true, mode: 0o700 });
    const folder = this.#folder(key);
    const temporary = `${folder}.${randomUUID()}`;
    await mkdir(temporary, { mode: 0o700 });
    for (const [name, bytes] of files) await writeFile(join(temporary, name), bytes);
    const index = Object.fromEntries([...files].map(([name, bytes]) => [name, digestOf(bytes)]));
    await writeFile(join(temporary, 'index.json'), JSON.stringify(index));
    await rm(folder, { recursive: true, force: true });
    // Another process may have put the same entry there meanwhile: then theirs is as good.
    await rename(temporary, folder).catch(() => rm(temporary, { recursive: true, force: true }));
  }

  #folder(key: Digest): string {
    return join(this.#directory, key.replace('sha256:', ''));
  }
}
