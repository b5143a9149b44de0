import { afterEach, beforeEach, expect, it } from 'vitest';
import type { KvSpace, KvStore } from './kv.ts';

const space: KvSpace = { plugin: 'p', tenant: 't' };
const quota = { keys: 10, bytes: 100 };
const bytes = (text: string) => new TextEncoder().encode(text);
const text = (value: Uint8Array | undefined) => (value === undefined ? undefined : new TextDecoder().decode(value));

/** What every KvStore does. `open` makes an empty one whose clock is `now`, in milliseconds. */
export function kvCases(open: (now: () => number) => KvStore): void {
  let store: KvStore;
  let time: number;
  beforeEach(() => {
    time = 1_000_000;
    store = open(() => time);
  });
  afterEach(() => store[Symbol.asyncDispose]());

  const set = (key: string, value: string, more: { ttlMs?: number; space?: KvSpace } = {}) =>
    store.set(more.space ?? space, key, bytes(value), { quota, ttlMs: more.ttlMs });
  const get = async (key: string, of = space) => text(await store.get(of, key));
  const add = (key: string, by: bigint, ttlMs?: number) => store.increment(space, key, by, { quota, ttlMs });
  const swap = (key: string, expected: string | undefined, value: string, ttlMs?: number) =>
    store.compareAndSet(space, key, expected === undefined ? undefined : bytes(expected), bytes(value), {
      quota,
      ttlMs,
    });
  const list = (prefix = '', after?: string, limit = 100, of = space) => store.list(of, prefix, after, limit);

  it('[CAP-40] keeps values, replaces and deletes them', async () => {
    expect(await get('a')).toBeUndefined();
    await set('a', 'one');
    expect(await get('a')).toBe('one');
    await set('a', '');
    expect(await get('a')).toBe('');
    expect(await store.delete(space, 'a')).toBe(true);
    expect(await store.delete(space, 'a')).toBe(false);
    expect(await get('a')).toBeUndefined();
  });

  it('[CAP-40] keeps any bytes under any name, and not the array that it was given', async () => {
    const value = Uint8Array.from({ length: 40 }, (_, index) => index * 6);
    await store.set(space, 'a\0%_b', value, { quota });
    value.fill(0);
    const kept = await store.get(space, 'a\0%_b');
    expect(kept?.[10]).toBe(60);
    kept?.fill(0);
    expect((await store.get(space, 'a\0%_b'))?.[10]).toBe(60);
    expect(await get('a')).toBeUndefined();
  });

  it('[CAP-41] [CAP-91] shows no plugin and no tenant the keys of another', async () => {
    const others = [
      { plugin: 'p', tenant: undefined },
      { plugin: 'p', tenant: '' },
      { plugin: 'p', tenant: '""' },
      { plugin: 'p', tenant: 'u' },
      { plugin: 'q', tenant: 't' },
      { plugin: 'pt', tenant: '' },
      ...['\ud800', '\ud801', '\ufffd', '"\\ud800"', 't\0', 'T', 't\u0308'].map(tenant => ({ plugin: 'p', tenant })),
    ];
    await set('a', 'mine');
    for (const other of others) {
      expect(await get('a', other)).toBeUndefined();
      expect(await list('', undefined, 100, other)).toEqual([]);
      expect(await store.delete(other, 'a')).toBe(false);
      expect(await store.increment(other, 'a', 1n, { quota })).toBe(1n);
    }
    expect(await get('a')).toBe('mine');
  });

  it.each([
    { what: 'set', write: () => set('a', '1', { ttlMs: 100 }) },
    { what: 'compare-and-set', write: () => swap('a', undefined, '1', 100) },
    { what: 'increment', write: () => add('a', 1n, 100) },
  ])('[CAP-42] forgets what $what wrote when its time is over', async ({ write }) => {
    await write();
    time += 99;
    expect(await get('a')).toBe('1');
    expect(await list()).toEqual(['a']);
    time += 1;
    expect(await get('a')).toBeUndefined();
    expect(await list()).toEqual([]);
    expect(await store.delete(space, 'a')).toBe(false);
    expect(await swap('a', undefined, '2')).toBe(true);
    time += 1000;
    expect(await get('a')).toBe('2');
  });

  it('[CAP-42] ends a window of additions when it was to end', async () => {
    expect(await add('hits', 1n, 100)).toBe(1n);
    time += 60;
    expect(await add('hits', 1n, 100)).toBe(2n);
    time += 60;
    expect(await add('hits', 1n, 100)).toBe(1n);
  });

  it('[CAP-40] lists by prefix, in order, page by page', async () => {
    for (const key of ['b', 'a/2', 'a/é', 'a', 'a/10', 'a/\u{ffff}', 'a/\u{1f600}', 'ab']) await set(key, '');
    expect(await list('a/')).toEqual(['a/10', 'a/2', 'a/é', 'a/\u{ffff}', 'a/\u{1f600}']);
    expect(await list('a/', undefined, 2)).toEqual(['a/10', 'a/2']);
    expect(await list('a/', 'a/2', 2)).toEqual(['a/é', 'a/\u{ffff}']);
    expect(await list()).toHaveLength(8);
    expect(await list('', 'b')).toEqual([]);
    expect(await list('c')).toEqual([]);
  });

  it('[CAP-43] sets only over the value that was expected', async () => {
    expect(await swap('a', 'x', 'one')).toBe(false);
    expect(await swap('a', undefined, 'one')).toBe(true);
    expect(await swap('a', undefined, 'two')).toBe(false);
    expect(await swap('a', 'one', 'two')).toBe(true);
    expect(await swap('a', 'one', 'three')).toBe(false);
    expect(await get('a')).toBe('two');
  });

  it('[CAP-43] loses no addition', async () => {
    await Promise.all(Array.from({ length: 50 }, (_, index) => add('n', BigInt(index))));
    expect(await add('n', -1225n)).toBe(0n);
    expect(await add('big', 2n ** 63n - 1n)).toBe(9_223_372_036_854_775_807n);
    await expect(add('big', 1n)).rejects.toMatchObject({ reason: 'not_a_number' });
    expect(await get('big')).toBe('9223372036854775807');
    await set('word', 'seven');
    await expect(add('word', 1n)).rejects.toMatchObject({ reason: 'not_a_number' });
  });

  it('[CAP-44] holds each space to its quota of keys', async () => {
    for (let index = 0; index < quota.keys; index += 1) await set(`k${index}`, '');
    const refused = { reason: 'quota', message: 'more than 10 keys' };
    await expect(set('more', '')).rejects.toMatchObject(refused);
    await expect(swap('more', undefined, '')).rejects.toMatchObject(refused);
    await expect(add('more', 1n)).rejects.toMatchObject(refused);
    await set('k0', 'still');
    await set('more', '', { space: { plugin: 'p', tenant: 'u' } });
    await store.delete(space, 'k0');
    await set('more', '');
    expect(await list()).toHaveLength(10);
  });

  it('[CAP-44] holds each space to its quota of bytes, those of keys included', async () => {
    await set('a', 'x'.repeat(50));
    await set('é', 'x'.repeat(47));
    await expect(set('a', 'x'.repeat(51))).rejects.toMatchObject({ reason: 'quota', message: 'more than 100 bytes' });
    expect(await get('a')).toHaveLength(50);
    await set('a', '');
    await set('b', 'x'.repeat(49));
  });

  it('[CAP-44] counts nothing that is expired', async () => {
    for (let index = 0; index < quota.keys; index += 1) await set(`k${index}`, 'x', { ttlMs: 10 });
    await expect(set('more', '')).rejects.toMatchObject({ reason: 'quota' });
    time += 10;
    await set('more', '');
    expect(await list()).toEqual(['more']);
  });

  it('[CAP-44] makes room also when more has expired than one write clears away', async () => {
    const wide = { keys: 500, bytes: 100_000 };
    const other = { plugin: 'q', tenant: '' };
    for (let index = 0; index < 500; index += 1)
      await store.set(index < 300 ? other : space, `k${index}`, bytes('x'), {
        quota: wide,
        ttlMs: index < 300 ? 5 : 10,
      });
    time += 10;
    const tight = { keys: 1, bytes: 100 };
    await store.set(space, 'more', bytes(''), { quota: tight });
    expect(await list()).toEqual(['more']);
  });
}
