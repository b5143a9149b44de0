import { chmod, mkdir, readdir, readFile, stat, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../../../test/fixtures/temporary-folder.ts';
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

  it('can be read by its owner only, and leaves nothing beside it', async () => {
    const file = await open();
    await file.replace((await file.read()).version, 'secret');
    expect((await stat(file.path)).mode & 0o777).toBe(0o600);
    expect((await stat(join(file.path, '..'))).mode & 0o777).toBe(0o700);
    expect(await readdir(join(file.path, '..'))).toEqual(['file.json']);
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

  it.each([
    { what: 'a process that is gone', lock: JSON.stringify({ pid: 2 ** 22 + 1, host: hostname() }) },
    { what: 'an earlier process with the same number', lock: JSON.stringify({ pid: process.pid, host: hostname() }) },
    { what: 'a process of another machine, long ago', lock: '{"pid":1,"host":"elsewhere"}', ageS: 60 },
    { what: 'a process that was killed while it took the lock', lock: '', ageS: 2 },
  ])('is written although $what left its lock', async ({ lock, ageS = 0 }) => {
    const file = await open('file.json');
    await writeFile(`${file.path}.lock`, lock);
    const then = new Date(Date.now() - ageS * 1_000);
    await utimes(`${file.path}.lock`, then, then);
    await file.replace((await file.read()).version, 'one');
    expect(await readFile(file.path, 'utf8')).toBe('one');
  });

  it('is not written while another process has its lock', async () => {
    const file = await open('file.json');
    await writeFile(`${file.path}.lock`, JSON.stringify({ pid: process.ppid, host: hostname() }));
    expect(await file.replace((await file.read()).version, 'one')).toBeUndefined();
    expect((await file.read()).text).toBeUndefined();
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
