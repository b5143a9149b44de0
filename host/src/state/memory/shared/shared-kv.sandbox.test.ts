import { Worker } from 'node:worker_threads';
import { expect, it } from 'vitest';
import type { KvThread } from '../../../../../test/fixtures/kv-thread.ts';
import { KvFull } from '../../kv.ts';
import { openSharedKv } from './shared-kv.ts';

const program = new URL('../../../../../test/fixtures/kv-thread.ts', import.meta.url);
const space = { plugin: 'p', tenant: 't' };
const write = { quota: { keys: 2000, bytes: 2 ** 24 } };

function open(maxByteLength = 2 ** 30) {
  const memory = new SharedArrayBuffer(2 ** 16, { maxByteLength });
  return { memory, kv: openSharedKv(memory, { owner: 1, patienceMs: 10_000, hashKey: Int32Array.of(1, 2) }) };
}

/** Threads that use one memory, and where they write down what was acknowledged to them. */
class Threads {
  readonly acknowledged = new SharedArrayBuffer(4 * 512);
  readonly #memory: SharedArrayBuffer;
  started = 0;

  constructor(memory: SharedArrayBuffer) {
    this.#memory = memory;
  }

  start(): { readonly thread: Worker; readonly owner: number } {
    this.started += 1;
    const owner = this.started + 1;
    const workerData: KvThread = {
      memory: this.#memory,
      owner,
      acknowledged: this.acknowledged,
      place: this.started,
    };
    return { thread: new Worker(program, { workerData }), owner };
  }

  get sum(): number {
    return new Int32Array(this.acknowledged).reduce((sum, each) => sum + each, 0);
  }
}

it('[CAP-107] threads that end at any moment lose no addition, tear no value and leave no lock', async () => {
  const { memory, kv } = open();
  const threads = new Threads(memory);
  const running = [threads.start(), threads.start(), threads.start()];
  for (let ended = 0; ended < 200; ended += 1) {
    const before = threads.sum;
    while (threads.sum < before + 50) await new Promise(resolve => setTimeout(resolve, 1));
    const next = running.shift();
    if (next === undefined) throw new Error('no thread is left');
    await next.thread.terminate();
    kv.settle(next.owner);
    running.push(threads.start());
    kv.increment(space, 'count of this thread', 1n, write);
  }
  await Promise.all(running.map(({ thread }) => thread.terminate()));
  for (const { owner } of running) kv.settle(owner);

  expect(kv.increment(space, 'count of this thread', 0n, write)).toBe(200n);
  const count = Number(kv.increment(space, 'count', 0n, write));
  expect(count).toBeGreaterThanOrEqual(threads.sum);
  // An addition that was not acknowledged may have been made.
  expect(count).toBeLessThanOrEqual(threads.sum + threads.started);
  const keys = kv.list(space, '', undefined, 2000);
  expect(keys).toEqual([...new Set(keys)].toSorted());
  let bytes = 0;
  for (const key of keys) {
    const value = kv.get(space, key);
    if (value === undefined) throw new Error(`${key} has no value`);
    bytes += key.length + value.length;
    if (key.startsWith('key ')) expect(value.every(byte => byte === (value.length & 255))).toBe(true);
  }
  // The counts are those of the entries: exactly this much fits.
  const exact = { quota: { keys: keys.length, bytes } };
  kv.set(space, 'count', kv.get(space, 'count') ?? new Uint8Array(), exact);
  expect(() => kv.set(space, 'count', new Uint8Array(100), exact)).toThrow(`more than ${bytes} bytes`);
  expect(() => kv.set(space, 'another', new Uint8Array(), exact)).toThrow(`more than ${keys.length} keys`);
});

it('[CAP-108] a stack that overflows at any depth of an operation leaves the values whole and usable by others', () => {
  const { memory, kv } = open();
  const other = openSharedKv(memory, { owner: 2, patienceMs: 100 });
  let added = 0;
  const recurse = (): void => {
    try {
      recurse();
    } finally {
      kv.increment(space, 'count', 1n, write);
      added += 1;
    }
  };
  for (let round = 0; round < 20; round += 1) {
    try {
      recurse();
    } catch (error) {
      expect(error).toBeInstanceOf(RangeError);
    }
    kv.settle(1);
    const count = Number(other.increment(space, 'count', 0n, write));
    expect(count).toBeGreaterThanOrEqual(added);
    expect(count).toBeLessThanOrEqual(added + 200 * (round + 1));
  }
});

it('[CAP-108] memory that is full refuses writes and keeps what it has, and memory that was overwritten is emptied', () => {
  const { memory, kv } = open(2 ** 18);
  const wide = { quota: { keys: 10_000, bytes: 2 ** 30 } };
  const fill = () => {
    for (let at = 0; at < 10_000; at += 1) kv.set(space, `key ${at}`, new Uint8Array(1000), wide);
  };
  expect(fill).toThrow(KvFull);
  expect(kv.get(space, 'key 0')).toHaveLength(1000);
  expect(kv.get(space, 'key 0')?.buffer).toBeInstanceOf(ArrayBuffer);
  const kept = kv.list(space, '', undefined, 10_000).length;
  expect(kept).toBeGreaterThan(50);
  for (let at = 0; at < kept; at += 1) kv.delete(space, `key ${at}`);
  kv.set(space, 'again', new Uint8Array(1000), wide);

  for (const word of [0x7fff_ffff, -1, 64, 3]) {
    // As hostile code could that had reached the memory, holding the lock.
    new Int32Array(memory).fill(word, 2);
    Atomics.store(new Int32Array(memory), 0, 2);
    kv.settle(2);
    kv.set(space, 'after', Uint8Array.of(1), wide);
    expect(kv.get(space, 'after')).toEqual(Uint8Array.of(1));
  }
});
