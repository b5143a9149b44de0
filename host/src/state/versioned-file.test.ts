import { chmod, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../../../test/fixtures/temporary-folder.ts';
import { lockFile } from '../core/file-lock.ts';
import { VersionedFile, WritableByOthers } from './versioned-file.ts';

const open = async (name = 'deep/er/file.json') => new VersionedFile(join(await temporaryFolder(), name));

describe('a file that is replaced as a whole [CHG-01]', () => {
  it('has no text until it is written, and then what was written', async () => {
    const file = await open();
    const { text, version } = await file.read();
    expect(text).toBeUndefined();
    const next = await file.replace(version, 'one');
    expect(await file.read()).toEqual({ text: 'one', version: next });
    expect(await file.replace(next ?? '', 'two')).not.toBe(next);
    expect(await file.read()).toMatchObject({ text: 'two' });
  });

  it('can be read by its owner only, and leaves only its lock beside it', async () => {
    const file = await open();
    await file.replace((await file.read()).version, 'secret');
    expect((await stat(file.path)).mode & 0o777).toBe(0o600);
    expect((await stat(join(file.path, '..'))).mode & 0o777).toBe(0o700);
    expect(await readdir(join(file.path, '..'))).toEqual(['file.json', 'file.json.lock']);
  });

  it('stays as it is if it is not what was read before', async () => {
    const file = await open();
    const { version } = await file.read();
    await file.replace(version, 'of another process');
    expect(await file.replace(version, 'mine')).toBeUndefined();
    expect(await file.replace('', 'mine')).toBeUndefined();
    expect(await readFile(file.path, 'utf8')).toBe('of another process');
  });

  it('tells an empty file from none', async () => {
    const file = await open();
    const none = await file.read();
    await file.replace(none.version, '');
    expect(await file.read()).not.toEqual(none);
  });

  it('keeps every change of many writers', async () => {
    const file = await open();
    const add = async (name: string): Promise<void> => {
      for (;;) {
        const { text, version } = await file.read();
        const names = [...JSON.parse(text ?? '[]'), name];
        if ((await file.replace(version, JSON.stringify(names))) !== undefined) return;
      }
    };
    const names = Array.from({ length: 12 }, (_, index) => `n${index}`);
    await Promise.all(names.map(add));
    expect(JSON.parse((await file.read()).text ?? '').toSorted()).toEqual(names.toSorted());
  });

  it('is not written while something else has its lock', async () => {
    const file = await open('file.json');
    {
      using _ = lockFile(file.path);
      expect(await file.replace((await file.read()).version, 'one')).toBeUndefined();
    }
    expect((await file.read()).text).toBeUndefined();
    await file.replace((await file.read()).version, 'one');
    expect((await file.read()).text).toBe('one');
  });

  it.runIf(process.getuid?.() !== 0)('stays as it was if its folder cannot be written', async () => {
    const file = await open('file.json');
    const version = (await file.replace((await file.read()).version, 'one')) ?? '';
    await chmod(join(file.path, '..'), 0o500);
    await expect(file.replace(version, 'two')).rejects.toMatchObject({ code: 'EACCES' });
    await chmod(join(file.path, '..'), 0o700);
    expect((await file.read()).text).toBe('one');
  });

  it('stays as it was if its folder is a file', async () => {
    const file = await open('a/file.json');
    await writeFile(join(file.path, '..'), '');
    await expect(file.replace('', 'two')).rejects.toThrow();
  });

  it('is not read if every user may change it, or if it is a folder', async () => {
    const file = await open('file.json');
    await writeFile(file.path, '{}');
    await chmod(file.path, 0o666);
    await expect(file.read()).rejects.toThrow(WritableByOthers);
    const folder = await open('folder');
    await mkdir(folder.path);
    await expect(folder.read()).rejects.toThrow(/a folder/);
  });
});
