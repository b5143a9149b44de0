import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { Worker } from 'node:worker_threads';
import { afterAll, expect, it } from 'vitest';
import type { Fault } from '../../core/fault.ts';
import type { KvBounds, KvStore } from '../kv.ts';
import { openSqliteKv } from './kv.ts';
import { letterOf } from './lane/letter.ts';
import { Bell, Mailbox } from './lane/mailbox.ts';
import { type MailboxLoan, openMailboxKv } from './lane/mailbox-kv.ts';
import type { StoreData } from './thread/message.ts';

const folder = mkdtempSync(join(tmpdir(), 'sallyport-store-'));
let files = 0;
const file = () => join(folder, `${++files}.sqlite`);
afterAll(() => rmSync(folder, { recursive: true }));

const space = { plugin: 'p', tenant: 't' };
const write = { quota: { keys: 100, bytes: 1_000_000 } };
const bounds: KvBounds = { keyBytes: 512, valueBytes: 600_000, quota: write.quota };
const fixture = (name: string) => join(import.meta.dirname, '../../../../test/fixtures', name);

/** What a lane with this number is lent. */
const lentBy = (store: KvStore, lane: number, plugin = 'p', of = bounds) =>
  store.lending?.lend(lane, plugin, of) as MailboxLoan;

/** Starts a thread that adds 1 without end. */
function startLane(store: KvStore, lane: number) {
  const acknowledged = new SharedArrayBuffer(4);
  const loan = lentBy(store, lane);
  const worker = new Worker(fixture('kv-lane.ts'), { workerData: { loan, acknowledged } });
  const failures: string[] = [];
  worker.on('message', message => failures.push(message));
  return {
    failures,
    acknowledged: () => Atomics.load(new Int32Array(acknowledged), 0),
    async end() {
      await worker.terminate();
      store.lending?.end(lane);
    },
  };
}

const until = async (condition: () => boolean) => {
  while (!condition()) await delay(2);
};

it('[CAP-112] a lane asks the thread of the store, and gets what the gateway would', async () => {
  await using store = openSqliteKv(file());
  const kv = openMailboxKv(lentBy(store, 2));
  const large = Uint8Array.from({ length: 500_000 }, (_, at) => at % 251);
  const odd = { plugin: 'p', tenant: '\ud800"' };
  kv.set(odd, 'a\0\u{1f600}', large, write);
  expect(kv.get(odd, 'a\0\u{1f600}')).toEqual(large);
  expect(kv.get({ plugin: 'p', tenant: '\ufffd"' }, 'a\0\u{1f600}')).toBeUndefined();
  expect(await store.get(odd, 'a\0\u{1f600}')).toEqual(large);
  expect(kv.compareAndSet(odd, 'b', undefined, Uint8Array.of(), write)).toBe(true);
  expect(kv.compareAndSet(odd, 'b', large, Uint8Array.of(1), write)).toBe(false);
  expect(kv.compareAndSet(odd, 'b', Uint8Array.of(), Uint8Array.of(1), write)).toBe(true);
  expect(kv.increment(odd, 'n', -(2n ** 60n), write)).toBe(-(2n ** 60n));
  expect(kv.list(odd, '', undefined, 10)).toEqual(['a\0\u{1f600}', 'b', 'n']);
  expect(kv.list(odd, '', 'a\0\u{1f600}', 1)).toEqual(['b']);
  expect(kv.delete(odd, 'b')).toBe(true);
  expect(kv.delete(odd, 'b')).toBe(false);
  expect(() => kv.increment(odd, 'a\0\u{1f600}', 1n, write)).toThrow('the value is not a whole number');
  kv.set(odd, 'short', Uint8Array.of(1), { ...write, ttlMs: 30 });
  await delay(50);
  expect(kv.get(odd, 'short')).toBeUndefined();
});

it('[CAP-113] the thread of the store holds each plugin to its grant, whatever its lane asks', async () => {
  await using store = openSqliteKv(file());
  const tight = { keyBytes: 4, valueBytes: 10, quota: { keys: 2, bytes: 100 }, ttlMs: 5_000 };
  const loan = lentBy(store, 2, 'p', tight);
  const kv = openMailboxKv(loan);
  const generous = { quota: { keys: 10 ** 6, bytes: 10 ** 9 } };
  // The space of another plugin: the lane was not lent it.
  kv.set({ plugin: 'q', tenant: 't' }, 'a', Uint8Array.of(1), generous);
  expect(await store.get({ plugin: 'q', tenant: 't' }, 'a')).toBeUndefined();
  expect(await store.get(space, 'a')).toEqual(Uint8Array.of(1));
  expect(() => kv.set(space, 'b', new Uint8Array(11), generous)).toThrow('more than 10 bytes in one value');
  expect(() => kv.compareAndSet(space, 'b', undefined, new Uint8Array(11), generous)).toThrow('more than 10 bytes');
  expect(() => kv.get(space, 'abcde')).toThrow('the key is empty or too long');
  expect(() => kv.increment(space, '', 1n, generous)).toThrow('the key is empty or too long');
  kv.increment(space, 'b', 1n, generous);
  expect(() => kv.increment(space, 'c', 1n, generous)).toThrow('more than 2 keys');
  await expect.poll(() => kv.list(space, '', undefined, 10)).toEqual([]);
  const box = new Mailbox(loan.mailbox);
  const bell = new Bell(loan.bell);
  const replyTo = (question: unknown) => JSON.parse(box.ask(letterOf(question as never), bell).text);
  const wrong = [null, 1, {}, { loan: 1, do: 'get' }, { loan: 0, do: 'get', key: 1 }, { loan: 0, do: 'set', key: [] }];
  for (const each of [...wrong, { loan: 0, do: 'increment', key: 'a', by: 'x' }, { loan: '__proto__', do: 'get' }])
    expect(replyTo(each), JSON.stringify(each)).toMatchObject({ failed: expect.any(String) });
  expect(JSON.parse(box.ask({ text: '{', bytes: [] }, bell).text)).toMatchObject({ failed: expect.any(String) });
  expect(kv.increment(space, 'b', 1n, generous)).toBe(1n);
});

it('[CAP-114] lanes that are ended at any moment lose no addition, and hold up no other', async () => {
  await using store = openSqliteKv(file());
  await store.opened;
  const lanes = [startLane(store, 2), startLane(store, 3)];
  let most = 0;
  for (let number = 4; number < 14; number += 1) {
    const lane = lanes.shift();
    await until(() => (lane?.acknowledged() ?? 0) > 0);
    await delay(Math.random() * 20);
    await lane?.end();
    most = Math.max(most, lane?.acknowledged() ?? 0);
    expect(lane?.failures).toEqual([]);
    expect(Number(await store.increment(space, 'n', 0n, write))).toBeGreaterThanOrEqual(most);
    lanes.push(startLane(store, number));
  }
  for (const lane of lanes) await lane.end();
  const count = await store.increment(space, 'n', 0n, write);
  expect(Number(count)).toBeGreaterThanOrEqual(Math.max(most, ...lanes.map(lane => lane.acknowledged())));
  expect(await store.increment(space, 'n', 1n, write)).toBe(count + 1n);
});

it('[CAP-114] what a lane asked that has ended is not done afterwards', async () => {
  const path = file();
  await using store = openSqliteKv(path);
  await store.opened;
  const other = new DatabaseSync(path);
  other.exec('BEGIN IMMEDIATE');
  const lane = startLane(store, 2);
  await delay(300);
  await lane.end();
  await delay(50);
  other.exec('COMMIT');
  other.close();
  expect(await store.increment(space, 'n', 0n, write)).toBe(0n);
});

it('[CAP-95] a file that stays locked fails the calls that need it, and holds up nothing else', async () => {
  const path = file();
  await using store = openSqliteKv(path);
  await store.set(space, 'a', Uint8Array.of(1), write);
  const lane = startLane(store, 2);
  await until(() => lane.acknowledged() > 0);
  const other = new DatabaseSync(path);
  for (;;) {
    try {
      other.exec('BEGIN IMMEDIATE');
      break;
    } catch {}
  }
  let turns = 0;
  const turning = setInterval(() => (turns += 1), 1);
  const began = performance.now();
  await expect(store.increment(space, 'b', 1n, write)).rejects.toThrow('database is locked');
  clearInterval(turning);
  expect(performance.now() - began).toBeGreaterThan(1900);
  // Were this thread held up, its event loop would not turn at all.
  expect(turns).toBeGreaterThan(10);
  expect(await store.get(space, 'a')).toEqual(Uint8Array.of(1));
  await until(() => lane.failures.length > 0);
  expect(lane.failures[0]).toBe('database is locked');
  const before = lane.acknowledged();
  other.exec('COMMIT');
  other.close();
  await until(() => lane.acknowledged() > before);
  expect(await store.increment(space, 'b', 1n, write)).toBe(1n);
  await lane.end();
});

it('[CAP-115] commits what was asked before it closes, and answers nothing after that', async () => {
  const path = file();
  const store = openSqliteKv(path);
  const sums = Array.from({ length: 100 }, () => store.increment(space, 'n', 1n, write));
  await store[Symbol.asyncDispose]();
  expect((await Promise.all(sums)).at(-1)).toBe(100n);
  await expect(store.get(space, 'n')).rejects.toMatchObject({ code: 'kv_unusable' });
  await store[Symbol.asyncDispose]();
  await using again = openSqliteKv(path);
  expect(await again.increment(space, 'n', 0n, write)).toBe(100n);
});

it('[CAP-115] closes while another process has the file to itself', async () => {
  const path = file();
  const store = openSqliteKv(path);
  await store.opened;
  const other = new DatabaseSync(path);
  other.exec('BEGIN IMMEDIATE');
  const sum = store.increment(space, 'n', 1n, write).catch((error: unknown) => error);
  await delay(50);
  await store[Symbol.asyncDispose]();
  // After the time of a statement the message is that of SQLite.
  expect(await sum).toMatchObject({ message: 'the database is locked' });
  other.close();
});

it('[CAP-116] if its thread ends, calls fail with a clear fault, until it has started again', async () => {
  const path = file();
  const workers: Worker[] = [];
  const faults: Fault[] = [];
  const start = (data: StoreData) => {
    const worker = new Worker(join(import.meta.dirname, 'thread/program.ts'), { workerData: data });
    workers.push(worker);
    return worker;
  };
  await using store = openSqliteKv(path, { start, failed: fault => faults.push(fault) });
  const lane = startLane(store, 2);
  await until(() => lane.acknowledged() > 0);
  const fault = { code: 'kv_unusable', details: { file: path, reason: 'its thread ended' } };
  for (let round = 1; round < 3; round += 1) {
    const kept = lane.acknowledged();
    const asked = store.get(space, 'n').then(
      () => undefined,
      (error: unknown) => error,
    );
    void workers.at(-1)?.terminate();
    const ended = await asked;
    if (ended !== undefined) expect(ended).toMatchObject(fault);
    await until(() => faults.length === round);
    expect(faults.at(-1)).toMatchObject(fault);
    await expect(store.get(space, 'n')).rejects.toMatchObject(fault);
    await until(() => lane.failures.length > 0);
    expect(lane.failures[0]).toBe('the thread of the store has ended');
    await until(() => lane.acknowledged() > kept + 10);
    expect(Number(await store.increment(space, 'n', 0n, write))).toBeGreaterThan(kept);
    lane.failures.splice(0);
  }
  await lane.end();
  await delay(50);
  expect(lane.failures.filter(each => each.includes('after'))).toEqual([]);
});

it('[CAP-116] a write for which the disk has no room keeps nothing, and reads go on', async () => {
  const command = `ulimit -f 2000; exec "${process.execPath}" "${fixture('kv-full.ts')}" "${file()}"`;
  const { stdout } = await promisify(execFile)('bash', ['-c', command]);
  const { reason, kept, listed, last } = JSON.parse(stdout);
  expect(reason).toMatch(/full|disk I\/O error/);
  expect(kept).toBeGreaterThan(20);
  expect(kept).toBeLessThan(1000);
  expect({ listed, last }).toEqual({ listed: kept, last: 10_000 });
});
