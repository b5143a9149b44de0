import { mkdtempSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LineFile } from './line-file.ts';

describe('a file of lines', () => {
  let folder: string;
  let file: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'sallyport-lines-'));
    file = join(folder, 'lines');
  });
  afterEach(() => rmSync(folder, { recursive: true }));
  const open = () => new LineFile(file, () => {});
  const text = () => readFileSync(file, 'utf8');

  it('[HOOK-124] is appended to, and only its owner can read it', async () => {
    const first = open();
    await first.append(['a']);
    first.close();
    const second = open();
    await second.append(['b', 'c']);
    second.appendNow(['d']);
    second.close();
    expect(text()).toBe('a\nb\nc\nd\n');
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  it('[HOOK-124] begins a new line after half a line that a killed process left', async () => {
    writeFileSync(file, 'a\nhal');
    const lines = open();
    await lines.append(['b']);
    lines.close();
    expect(text()).toBe('a\nhal\nb\n');
  });

  it('[HOOK-124] is opened again by its name, also while lines are being written', async () => {
    const lines = open();
    const writing = lines.append(['a']);
    renameSync(file, `${file}.1`);
    lines.reopen();
    await writing;
    await lines.append(['b']);
    lines.close();
    expect([readFileSync(`${file}.1`, 'utf8'), text()]).toEqual(['a\n', 'b\n']);
  });

  it('[HOOK-124] waits while the disk refuses, and fails only when it is closing', async () => {
    const problems: unknown[] = [];
    const lines = new LineFile('/dev/full', error => void problems.push(error));
    const written = lines.append(['a']).then(
      () => 'written',
      () => 'failed',
    );
    while (problems.length === 0) await new Promise(resolve => setTimeout(resolve, 1));
    expect(await Promise.race([written, new Promise(resolve => setTimeout(resolve, 20, 'waiting'))])).toBe('waiting');
    lines.stopWaiting();
    expect(await written).toBe('failed');
    expect(problems).toHaveLength(2);
    expect(problems[0]).toMatchObject({ code: 'ENOSPC' });
    lines.close();
  });

  it('[HOOK-124] cannot be opened where the system refuses', () => {
    expect(() => new LineFile(folder, () => {})).toThrow('EISDIR');
  });
});
