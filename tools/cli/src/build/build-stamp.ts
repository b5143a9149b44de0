import { mkdir, readdir, readFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { type Digest, digestOf, fail } from '@sallyport/host/core';
import { z } from 'zod';
import { isSource } from '../watch-folder.ts';
import { replaceFile } from '../write-file.ts';

/** The digests of a folder's last build and of its sources. */
const stampSchema = z.object({ component: z.string(), sources: z.record(z.string(), z.string()) });
const stampFile = (folder: string) => join(folder, '.sallyport/build.json');

/** Files next to the sources that no build reads. */
const unread = /^(cases|README\.md|CHANGELOG\.md|LICENSE|.*\.pem)$/;

/** Files that a build reads although no other file names them: those of a Go package, and build settings. */
const unasked = /\.go$|^(package(-lock)?|tsconfig)\.json$|^(requirements\.txt|pyproject\.toml|Cargo\.toml|build\.rs)$/;

/** The digests of the sources of a plugin, by their paths. */
export type Sources = Readonly<Record<string, string>>;

/** Hashes every file that a build of this folder may read. */
export async function readSources(folder: string): Promise<Sources> {
  const found: [path: string, digest: string][] = [];
  const add = async (below: string): Promise<void> => {
    for (const entry of await readdir(join(folder, below), { withFileTypes: true })) {
      if (!isSource(entry.name) || (below === '' && unread.test(entry.name))) continue;
      const path = join(below, entry.name);
      if (entry.isDirectory()) await add(path);
      else if (entry.isFile()) found.push([path, digestOf(await readFile(join(folder, path)))]);
    }
  };
  await add('');
  return Object.fromEntries(found);
}

/** Records the sources of a component, read before the build. @throws Fault `file_unwritable` */
export async function stampBuild(folder: string, component: Uint8Array, sources: Sources): Promise<void> {
  const file = stampFile(folder);
  await mkdir(dirname(file), { recursive: true });
  const digest: Digest = digestOf(component);
  await replaceFile(file, Buffer.from(`${JSON.stringify({ component: digest, sources })}\n`));
}

/**
 * Whether the sources next to a component have changed since it was built: a file was changed, removed, or added that
 * a build reads without being named. Other new files are ignored. False when there is no record of the build.
 */
export async function isStale(file: string, component: Uint8Array): Promise<boolean> {
  const folder = dirname(resolve(file));
  const text = await readFile(stampFile(folder), 'utf8').catch(() => undefined);
  const { data } = stampSchema.safeParse(text === undefined ? undefined : jsonOf(text));
  if (data?.component !== digestOf(component)) return false;
  const now = await readSources(folder);
  const isChanged = Object.entries(data.sources).some(([path, digest]) => now[path] !== digest);
  return isChanged || Object.keys(now).some(path => unasked.test(path) && data.sources[path] === undefined);
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
