import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, expect, it } from 'vitest';
import { kvCases } from '../kv.case.ts';
import { openSqliteKv } from './kv.ts';

const folder = mkdtempSync(join(tmpdir(), 'sallyport-kv-'));
let files = 0;
const file = () => join(folder, 'state', `${++files}.sqlite`);
afterAll(() => rmSync(folder, { recursive: true }));

kvCases(now => openSqliteKv(file(), { now }));

const space = { plugin: 'p', tenant: '' };
const write = { quota: { keys: 100_000, bytes: 2 ** 24 } };

it('[CAP-45] keeps everything over a restart, in a file that nobody else may read', async () => {
  const path = file();
  await using first = openSqliteKv(path);
  await first.set(space, 'a', Buffer.from('kept'), write);
  expect(statSync(path).mode & 0o077).toBe(0);
  await first[Symbol.asyncDispose]();
  await using second = openSqliteKv(path);
  expect(Buffer.from((await second.get(space, 'a')) ?? []).toString()).toBe('kept');
});

const writer = (path: string): ChildProcess =>
  spawn(process.execPath, [join(import.meta.dirname, '../../../../test/fixtures/kv-writer.ts'), path], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });

it('[CAP-45] loses nothing that it acknowledged when its process is killed', async () => {
  const path = file();
  let acknowledged = 0;
  for (const enough of [200, 400]) {
    const child = writer(path);
    if (child.stdout === null) throw new Error('the writer has no output');
    for await (const line of createInterface(child.stdout)) {
      acknowledged = Number(line);
      if (acknowledged >= enough) child.kill('SIGKILL');
    }
    await using store = openSqliteKv(path);
    const kept = await store.increment(space, 'count', 0n, write);
    expect(Number(kept)).toBeGreaterThanOrEqual(acknowledged);
    expect(await store.get(space, `key ${acknowledged}`)).toBeDefined();
  }
});

it('[CAP-45] is shared by two processes without losing an addition', async () => {
  const path = file();
  await using store = openSqliteKv(path);
  const child = writer(path);
  if (child.stdout === null) throw new Error('the writer has no output');
  let theirs = 0;
  let ours = 0;
  for await (const line of createInterface(child.stdout)) {
    theirs = Number(line);
    await store.increment(space, 'ours', 1n, write);
    await store.increment(space, 'both', 1n, write);
    ours += 1;
    if (theirs >= 100) break;
  }
  child.kill('SIGKILL');
  await new Promise(resolve => child.once('close', resolve));
  expect(await store.increment(space, 'ours', 0n, write)).toBe(BigInt(ours));
  const both = Number(await store.increment(space, 'both', 0n, write));
  expect(both).toBeGreaterThanOrEqual(ours + theirs);
});

it('[CAP-95] waits for another process that writes, and for no longer, while this one goes on', async () => {
  const path = file();
  await using store = openSqliteKv(path);
  await store.opened;
  const other = new DatabaseSync(path);
  other.exec('BEGIN IMMEDIATE');
  const sums = Promise.all([1n, 2n].map(by => store.increment(space, 'sum', by, write)));
  expect(await store.get(space, 'sum')).toBeUndefined();
  other.exec('COMMIT');
  other.close();
  expect((await sums).toSorted().at(-1)).toBe(3n);
});

it.each([
  { what: 'a folder', make: (path: string) => join(path, '..') },
  {
    what: 'no database',
    make: (path: string) => {
      writeFileSync(path, 'something else, and long enough to be looked at'.repeat(100));
      return path;
    },
  },
])('[CAP-46] names the file when it is $what', async ({ make }) => {
  const path = make(join(folder, `${++files}.sqlite`));
  await using store = openSqliteKv(path);
  const fault = { code: 'kv_unusable', details: { file: path } };
  await expect(store.opened).rejects.toMatchObject(fault);
  await expect(store.get(space, 'a')).rejects.toMatchObject(fault);
});
