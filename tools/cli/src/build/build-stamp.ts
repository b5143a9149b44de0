import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { type Digest, digestOf } from '@sallyport/host/core/digest';
import { fail } from '@sallyport/host/core/fault';
import { z } from 'zod';
import { isSource } from '../watch-folder.ts';
import { replaceFile } from '../write-file.ts';

/** What a folder's last build was made of. */
const stampSchema = z.object({ component: z.string(), sources: z.string() });
const stampFile = (folder: string) => join(folder, '.sallyport/build.json');

/** Files beside the sources that no build reads. */
const unread = /^(cases|README\.md|CHANGELOG\.md|LICENSE|.*\.pem)$/;

/** A hash of all sources of a plugin: of what they are named and of what is in them. */
export async function sourcesHash(folder: string): Promise<string> {
  const hash = createHash('sha256');
  const add = async (below: string): Promise<void> => {
    const entries = await readdir(join(folder, below), { withFileTypes: true });
    for (const entry of entries.toSorted((one, other) => (one.name < other.name ? -1 : 1))) {
      if (!isSource(entry.name) || (below === '' && unread.test(entry.name))) continue;
      const path = join(below, entry.name);
      if (entry.isDirectory()) await add(path);
      else if (entry.isFile()) hash.update(`${path}\0${digestOf(await readFile(join(folder, path)))}\n`);
    }
  };
  await add('');
  return hash.digest('hex');
}

/** Keeps what a component was built of. `sources` is the hash from before the build. @throws Fault `file_unwritable` */
export async function stampBuild(folder: string, component: Uint8Array, sources: string): Promise<void> {
  const file = stampFile(folder);
  await mkdir(dirname(file), { recursive: true });
  const digest: Digest = digestOf(component);
  await replaceFile(file, Buffer.from(`${JSON.stringify({ component: digest, sources })}\n`));
}

/** Whether the sources beside a component are others than it was built of. False where nothing is known of its build. */
export async function isStale(file: string, component: Uint8Array): Promise<boolean> {
  const folder = dirname(resolve(file));
  const text = await readFile(stampFile(folder), 'utf8').catch(() => undefined);
  if (text === undefined) return false;
  const { data } = stampSchema.safeParse(jsonOf(text));
  return data?.component === digestOf(component) && data.sources !== (await sourcesHash(folder));
}

/** @throws Fault `component_stale` */
export async function requireFresh(file: string, component: Uint8Array): Promise<void> {
  if (await isStale(file, component)) fail('component_stale', { file });
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
