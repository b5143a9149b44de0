import { mkdir, readdir, readFile, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { temporaryFolder } from '../../../../test/fixtures/temporary-folder.ts';
import { digestOf } from '../../core/digest.ts';
import { describe } from '../descriptor.ts';
import { mediaType } from '../media-type.ts';
import { openImageLayout } from './image-layout.ts';
import { readIndex, refNameAnnotation } from './index-file.ts';

const manifest = (text: string) => describe(mediaType.imageManifest, Buffer.from(text));
const namesIn = async (directory: string) =>
  (await readIndex(directory)).map(({ annotations }) => annotations?.[refNameAnnotation]);

it('[SRC-20] is an image layout, with each name in its index', async () => {
  const directory = await temporaryFolder();
  const layout = openImageLayout(directory);
  await layout.write(Buffer.from('{}'));
  await layout.name('a', manifest('{}'));
  expect(JSON.parse(await readFile(join(directory, 'oci-layout'), 'utf8'))).toEqual({ imageLayoutVersion: '1.0.0' });
  expect(JSON.parse(await readFile(join(directory, 'index.json'), 'utf8'))).toEqual({
    schemaVersion: 2,
    mediaType: mediaType.imageIndex,
    manifests: [{ ...manifest('{}'), annotations: { [refNameAnnotation]: 'a' } }],
  });
  expect(await readFile(join(directory, 'blobs/sha256', digestOf(Buffer.from('{}')).slice(7)), 'utf8')).toBe('{}');
});

it('[SRC-21] keeps every name that writers give at the same time', async () => {
  const directory = await temporaryFolder();
  const names = Array.from({ length: 40 }, (_, number) => `name-${number}`).sort();
  await Promise.all(names.map(name => openImageLayout(directory).name(name, manifest(name))));
  expect(await namesIn(directory)).toEqual(names);
});

it('removes a name, and gives it again', async () => {
  const directory = await temporaryFolder();
  const layout = openImageLayout(directory);
  await layout.name('a', manifest('1'));
  await layout.name('a', undefined);
  expect([await layout.lookUp('a'), await namesIn(directory)]).toEqual([undefined, []]);
  await openImageLayout(directory).name('b', manifest('2'));
  expect(await namesIn(directory)).toEqual(['b']);
  await layout.name('a', manifest('3'));
  expect(await layout.lookUp('a')).toEqual(manifest('3'));
});

it('takes over the names of a layout that another tool made', async () => {
  const directory = await temporaryFolder();
  const foreign = { ...manifest('1'), annotations: { [refNameAnnotation]: 'foreign', other: 'x' } };
  await writeFile(join(directory, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}');
  await writeFile(join(directory, 'index.json'), JSON.stringify({ schemaVersion: 2, manifests: [foreign] }));
  const layout = openImageLayout(directory);
  expect(await layout.lookUp('foreign')).toEqual(foreign);
  await layout.name('ours', manifest('2'));
  expect(await layout.lookUp('foreign')).toEqual(foreign);
  expect(await namesIn(directory)).toEqual(['foreign', 'ours']);
});

it('[SRC-22] makes up for a process that ended between a name and the index', async () => {
  const directory = await temporaryFolder();
  const layout = openImageLayout(directory);
  await layout.name('a', manifest('1'));
  const index = await readFile(join(directory, 'index.json'));
  await layout.name('b', manifest('2'));
  await writeFile(join(directory, 'index.json'), index);
  expect(await openImageLayout(directory).lookUp('b')).toEqual(manifest('2'));
  await openImageLayout(directory).name('c', manifest('3'));
  expect(await namesIn(directory)).toEqual(['a', 'b', 'c']);
});

it('[SRC-22] does not take for a blob what a process left half-written', async () => {
  const directory = await temporaryFolder();
  const layout = openImageLayout(directory);
  const whole = Buffer.from('whole');
  await mkdir(join(directory, 'temporary'));
  await writeFile(join(directory, 'temporary', 'left-over'), 'who');
  expect(await layout.read(describe('', whole))).toBeUndefined();
  await layout.write(whole);
  expect(await layout.read(describe('', whole))).toEqual(whole);
});

it('clears away what was left over a day ago, and nothing younger', async () => {
  const directory = await temporaryFolder();
  await mkdir(join(directory, 'temporary'));
  for (const name of ['old', 'young']) await writeFile(join(directory, 'temporary', name), 'who');
  await utimes(join(directory, 'temporary', 'old'), 0, Date.now() / 1000 - 100_000);
  await openImageLayout(directory).name('a', manifest('1'));
  expect(await readdir(join(directory, 'temporary'))).toEqual(['young']);
});

it('overwrites a blob that is cut short', async () => {
  const layout = openImageLayout(await temporaryFolder());
  const whole = Buffer.from('whole');
  await layout.write(whole);
  await writeFile(join(layout.directory, 'blobs/sha256', digestOf(whole).slice(7)), 'who');
  await layout.write(whole);
  expect(await layout.read(describe('', whole))).toEqual(whole);
});

it('adopts a file only when it is what the digest says', async () => {
  const layout = openImageLayout(await temporaryFolder());
  const digest = digestOf(Buffer.from('right'));
  for (const [text, adopted] of [
    ['wrong', false],
    ['right', true],
  ] as const) {
    const draft = await layout.draft();
    await writeFile(draft, text);
    expect(await layout.adopt(draft, digest)).toBe(adopted);
    expect(await layout.size(digest)).toBe(adopted ? 5 : undefined);
  }
});
