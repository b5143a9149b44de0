import { appendFile, cp, mkdir, mkdtemp, readdir, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  compiledComponent,
  javascriptGuest,
  keptBuild,
  keyOf,
  rustGuest,
  starlingGuestBuild,
} from './fixtures/kept-build.ts';
import { temporaryFolder } from './fixtures/temporary-folder.ts';

const repository = join(import.meta.dirname, '..');
const builds = { javascriptGuest, starlingGuestBuild, rustGuest, compiledComponent };
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

describe('a kept build', () => {
  it('[RUN-113] is waited for while another process builds it', async () => {
    const folder = await temporaryFolder();
    const begun = Promise.withResolvers<void>();
    const built = Promise.withResolvers<Uint8Array>();
    const first = keptBuild(
      'key',
      () => {
        begun.resolve();
        return built.promise;
      },
      folder,
    );
    await begun.promise;
    const second = keptBuild('key', () => Promise.reject(new Error('a second build')), folder);
    built.resolve(new Uint8Array([1]));
    expect(await Promise.all([first, second])).toEqual([new Uint8Array([1]), new Uint8Array([1])]);
    expect(await readdir(folder)).toEqual(['key.wasm']);
  });

  it.each([
    ['the other build fails', async () => {}],
    [
      'the other process has ended without a result',
      async (folder: string) => {
        await writeFile(join(folder, 'key.wasm.lock'), '');
        await utimes(join(folder, 'key.wasm.lock'), new Date(0), new Date(0));
      },
    ],
  ])('[RUN-113] is built when %s', async (_, leaveLock) => {
    const folder = await temporaryFolder();
    await leaveLock(folder);
    const begun = Promise.withResolvers<void>();
    const failure = Promise.withResolvers<Uint8Array>();
    const failing = keptBuild(
      'key',
      () => {
        begun.resolve();
        return failure.promise;
      },
      folder,
    );
    await begun.promise;
    const retried = keptBuild('key', async () => new Uint8Array([2]), folder);
    failure.reject(new Error('no compiler'));
    await expect(failing).rejects.toThrow('no compiler');
    expect(await retried).toEqual(new Uint8Array([2]));
  });
});
