import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { temporaryFolder } from '../../../test/fixtures/temporary-folder.ts';
import { lockFile, withFileLock } from './file-lock.ts';

const lockIn = JSON.stringify(join(import.meta.dirname, 'file-lock.ts'));

describe('a lock of a file [AUD-30]', () => {
  let folder: string;
  let file: string;
  beforeEach(async () => {
    folder = await temporaryFolder();
    file = join(folder, 'file');
  });

  /** Runs a program that may use `lockFile`, `withFileLock`, `file` and `say`. */
  const run = (body: string): ChildProcess => {
    const program = join(folder, `${crypto.randomUUID()}.ts`);
    writeFileSync(
      program,
      `import { readFileSync, writeFileSync } from 'node:fs';
       import { lockFile, withFileLock } from ${lockIn};
       const file = ${JSON.stringify(file)};
       const say = (message: unknown) => process.send?.(message);
       ${body}`,
    );
    const child = fork(program, { execArgv: [] });
    onTestFinished(() => void child.kill('SIGKILL'));
    return child;
  };
  const said = async (child: ChildProcess) => (await once(child, 'message'))[0];
  const holder = () =>
    run(`const held = lockFile(file); say('locked'); process.on('message', () => say(typeof held));`);
  const attempt = async (path = file) => (await withFileLock(path, 0, async () => 'locked')) ?? 'refused';

  it('is had by one at a time, in this process and in others', async () => {
    const held = lockFile(file);
    expect(() => lockFile(file)).toThrow('another gateway writes to it');
    expect(await attempt()).toBe('refused');
    // The attempts have not ended it for others.
    const other = run(`try { lockFile(file); say('locked'); } catch (error) { say(error.message); }`);
    expect(await said(other)).toContain('another gateway writes to it');
    held[Symbol.dispose]();
    expect(await attempt()).toBe('locked');
    lockFile(file)[Symbol.dispose]();
  });

  it('ends with its process, however that ends', async () => {
    const child = holder();
    expect(await said(child)).toBe('locked');
    expect(await attempt()).toBe('refused');
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(await attempt()).toBe('locked');
  });

  it('lets in one at a time of several processes that find the lock of a process that was killed', async () => {
    const killed = holder();
    expect(await said(killed)).toBe('locked');
    writeFileSync(file, '0');
    // Each adds one in two steps, with a pause between them that lets the others run.
    const children = Array.from({ length: 4 }, () =>
      run(`say('ready');
        for (let n = 0; n < 10; n += 1) {
          await withFileLock(file, Infinity, async () => {
            const count = Number(readFileSync(file, 'utf8'));
            await new Promise(resolve => setTimeout(resolve, 1));
            writeFileSync(file, String(count + 1));
          });
        }
        process.disconnect();`),
    );
    const ended = children.map(child => once(child, 'exit'));
    await Promise.all(children.map(said));
    killed.kill('SIGKILL');
    expect(await Promise.all(ended)).toEqual(children.map(() => [0, null]));
    expect(readFileSync(file, 'utf8')).toBe('40');
  });

  it('is the same for a file and for links to it, whether the file exists or not', async () => {
    symlinkSync(file, join(folder, 'link'));
    mkdirSync(join(folder, 'folder'));
    symlinkSync(folder, join(folder, 'folder', 'up'));
    writeFileSync(file, '');
    for (const name of ['link', 'folder/up/file', 'folder/up/link']) {
      using _ = lockFile(join(folder, name));
      expect(await attempt()).toBe('refused');
    }
    using _ = lockFile(join(folder, 'folder/up/missing'));
    expect(await attempt(join(folder, 'missing'))).toBe('refused');
  });

  it('ends when the work does, also when it fails', async () => {
    await expect(withFileLock(file, 0, () => Promise.reject(new Error('failed')))).rejects.toThrow('failed');
    expect(await attempt()).toBe('locked');
  });

  it('is a file that only its owner can read, and names one that is no lock', async () => {
    expect(await attempt()).toBe('locked');
    expect(statSync(`${file}.lock`).mode & 0o777).toBe(0o600);
    writeFileSync(`${file}.lock`, 'not a database, but a text of some length '.repeat(100));
    expect(() => lockFile(file)).toThrow(/the lock .*file\.lock cannot be used: file is not a database/);
  });

  it('cannot be made where the system refuses', async () => {
    file = join(folder, 'missing', 'file');
    expect(() => lockFile(file)).toThrow('ENOENT');
    await expect(withFileLock(file, 0, async () => 'worked')).rejects.toThrow('ENOENT');
  });
});
