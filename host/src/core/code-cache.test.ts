import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { temporaryFolder } from '../../../test/fixtures/temporary-folder.ts';

const file = (name: string) => JSON.stringify(join(import.meta.dirname, name));

/** What a process finds of the cache once it has turned it on. */
function folderUsed(folder: string, env: Record<string, string> = {}): string {
  const script = `
    const { useCodeCache, codeCacheEnvironment } = await import(${file('code-cache.js')});
    const { saveCodeCache } = await import(${file('save-code-cache.ts')});
    useCodeCache(${JSON.stringify(folder)});
    await import(${file('codes/index.ts')});
    saveCodeCache();
    console.log(codeCacheEnvironment().NODE_COMPILE_CACHE ?? 'none');`;
  const args = ['--input-type=module', '-e', script];
  return execFileSync(process.execPath, args, { encoding: 'utf8', env }).trim();
}

it('[RUN-70] keeps code in a folder that it makes for itself', async () => {
  const folder = join(await temporaryFolder(), 'a', 'code');
  expect(folderUsed(folder)).toBe(folder);
  expect(statSync(folder).mode & 0o777).toBe(0o700);
});

it.each([
  ['the group', 0o770],
  ['everybody', 0o707],
])('[RUN-70] keeps no code where %s can write', async (_, mode) => {
  const folder = join(await temporaryFolder(), 'code');
  mkdirSync(folder);
  chmodSync(folder, mode);
  expect(folderUsed(folder)).toBe('none');
});

it('[RUN-70] goes on without a folder', () => {
  expect(folderUsed('/dev/null/nowhere')).toBe('none');
});

it('[RUN-70] leaves the choice to NODE_COMPILE_CACHE', async () => {
  const parent = await temporaryFolder();
  expect(folderUsed(join(parent, 'ours'), { NODE_COMPILE_CACHE: join(parent, 'theirs') })).toBe(join(parent, 'theirs'));
  expect(existsSync(join(parent, 'ours'))).toBe(false);
});
