import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { temporaryFolder } from '../../../test/fixtures/temporary-folder.ts';
import { readRegularFile, readRegularFileSync } from './regular-file.ts';

async function place(): Promise<(name: string) => string> {
  const folder = await temporaryFolder();
  execFileSync('mkfifo', [join(folder, 'pipe')]);
  mkdirSync(join(folder, 'folder'));
  writeFileSync(join(folder, 'file'), 'text');
  symlinkSync('file', join(folder, 'link'));
  symlinkSync('pipe', join(folder, 'link-to-pipe'));
  return name => (name.startsWith('/') ? name : join(folder, name));
}

it.each([
  ['pipe', 'it is a pipe'],
  ['link-to-pipe', 'it is a pipe'],
  ['folder', 'it is a folder'],
  ['/dev/zero', 'it is a device'],
])('[RUN-103] reads nothing of %s, and says what it is', async (name, says) => {
  const file = (await place())(name);
  await expect(readRegularFile(file)).rejects.toThrow(says);
  expect(() => readRegularFileSync(file)).toThrow(says);
});

it.each(['file', 'link'])('[RUN-103] reads a %s', async name => {
  const file = (await place())(name);
  expect((await readRegularFile(file)).toString()).toBe('text');
  expect(readRegularFileSync(file).toString()).toBe('text');
});
