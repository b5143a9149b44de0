import { appendFile, cp, mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { compiledComponent, javascriptGuest, keyOf, starlingGuestBuild } from './fixtures/kept-build.ts';

const repository = join(import.meta.dirname, '..');
const builds = { javascriptGuest, starlingGuestBuild, compiledComponent };
/** A file below a path, or the file that the path is. */
async function someFile(root: string, path: string): Promise<string> {
  if ((await stat(join(root, path))).isFile()) return path;
  const [first = ''] = (await readdir(join(root, path))).filter(name => name.includes('.') && !/\.test\./.test(name));
  return join(path, first);
}

describe.each(Object.entries(builds))('the key of a kept build, %s,', (_, build) => {
  /** A copy of all that this is made of, which can be changed. */
  let root = '';
  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'sallyport-kept-'));
    for (const source of build.sources) await cp(join(repository, source), join(root, source), { recursive: true });
    for (const folder of build.packages) {
      await mkdir(join(root, folder), { recursive: true });
      await cp(join(repository, folder, 'package.json'), join(root, folder, 'package.json'));
    }
  });
  afterAll(() => rm(root, { recursive: true, force: true }));

  it('[RUN-107] is the same for the same ingredients and values, and another for other values', () => {
    expect(keyOf(build, ['a'], root)).toBe(keyOf(build, ['a'], root));
    expect(keyOf(build, ['a'], root)).toBe(keyOf(build, ['a']));
    expect(keyOf(build, ['a'], root)).not.toBe(keyOf(build, ['b'], root));
  });

  it('[RUN-107] changes with every file that it names: the contract, and the code of the build', async () => {
    for (const source of build.sources) {
      const before = keyOf(build, null, root);
      await appendFile(join(root, await someFile(root, source)), '\n// changed');
      expect(keyOf(build, null, root), source).not.toBe(before);
    }
  });

  it('[RUN-107] changes with a new file', async () => {
    const before = keyOf(build, null, root);
    const [folder = ''] = build.sources;
    await writeFile(join(root, folder, 'new.txt'), 'new');
    expect(keyOf(build, null, root)).not.toBe(before);
    await rm(join(root, folder, 'new.txt'));
  });

  it('[RUN-107] changes with the version of every tool', async () => {
    for (const folder of build.packages) {
      const before = keyOf(build, null, root);
      await writeFile(join(root, folder, 'package.json'), '{ "name": "tool", "version": "99.0.0" }');
      expect(keyOf(build, null, root), folder).not.toBe(before);
    }
  });
});
