import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { componentWith, descriptorOf } from '../../../../test/fixtures/signed-plugin.ts';
import { temporaryFolder } from '../../../../test/fixtures/temporary-folder.ts';
import { isStale, readSources, stampBuild } from './build-stamp.ts';

const component = componentWith();
const other = componentWith({ ...descriptorOf(), version: '9.9.9' });

async function built() {
  const folder = await temporaryFolder();
  await mkdir(join(folder, 'src'));
  await mkdir(join(folder, 'cases'));
  for (const name of ['plugin.json', 'src/main.go', 'cases/a.json', 'README.md'])
    await writeFile(join(folder, name), name);
  await stampBuild(folder, component, await readSources(folder));
  return { folder, file: join(folder, 'x.wasm') };
}

it.each<[string, (folder: string) => Promise<unknown>, boolean]>([
  ['nothing', async () => {}, false],
  ['a source', folder => writeFile(join(folder, 'src/main.go'), 'changed'), true],
  ['the same text, written again', folder => writeFile(join(folder, 'src/main.go'), 'src/main.go'), false],
  ['the name of a source', folder => rename(join(folder, 'src/main.go'), join(folder, 'src/other.go')), true],
  ['a new source', folder => writeFile(join(folder, 'new.go'), ''), true],
  ['a new list of packages', folder => writeFile(join(folder, 'package.json'), '{}'), true],
  ['the descriptor', folder => writeFile(join(folder, 'plugin.json'), '{}'), true],
  [
    'a case and the README',
    folder => Promise.all([writeFile(join(folder, 'cases/a.json'), ''), writeFile(join(folder, 'README.md'), '')]),
    false,
  ],
  ['a removed source', folder => rm(join(folder, 'src/main.go')), true],
  [
    "an operator's files",
    async folder => {
      await mkdir(join(folder, 'cache'));
      const names = ['sallyport.yaml', 'sallyport.lock', 'key.pem', 'x-0.1.0.zip', 'cache/index.json', 'cache/glue.js'];
      await Promise.all(names.map(name => writeFile(join(folder, name), name)));
    },
    false,
  ],
  ['what a build makes', folder => writeFile(join(folder, 'x.wasm'), component), false],
])('[AUT-86] a component whose folder changed by %s', async (_, change, stale) => {
  const { folder, file } = await built();
  await change(folder);
  expect(await isStale(file, component)).toBe(stale);
});

it('[AUT-86] nothing is said of a component that another build made', async () => {
  const { folder, file } = await built();
  await writeFile(join(folder, 'src/main.go'), 'changed');
  expect(await isStale(file, other)).toBe(false);
});
