import { describe, expect, it } from 'vitest';
import { kvCases } from './kv.case.ts';
import { createMemoryKv } from './memory/kv.ts';
import { createOverlayKv } from './overlay-kv.ts';

describe('over an empty store', () => kvCases(now => createOverlayKv(createMemoryKv(now), now)));

const space = { plugin: 'p', tenant: 't' };
const write = { quota: { keys: 100, bytes: 10_000 } };
const bytes = (text: string) => new TextEncoder().encode(text);
const text = (value: Uint8Array | undefined) => (value === undefined ? undefined : new TextDecoder().decode(value));

/** An overlay over a store with three values. */
async function setUp() {
  const base = createMemoryKv();
  for (const [key, value] of Object.entries({ a: 'one', b: 'two', n: '5' })) {
    await base.set(space, key, bytes(value), write);
  }
  return { base, overlay: createOverlayKv(base) };
}

it('[HOOK-101] an overlay reads what the store has, and sees its own writes', async () => {
  const { overlay } = await setUp();
  expect(text(await overlay.get(space, 'a'))).toBe('one');
  await overlay.set(space, 'a', bytes('new'), write);
  await overlay.set(space, 'c', bytes('three'), write);
  expect(await overlay.delete(space, 'b')).toBe(true);
  expect(await overlay.delete(space, 'b')).toBe(false);
  expect(await overlay.increment(space, 'n', 2n, write)).toBe(7n);
  expect(await overlay.compareAndSet(space, 'c', bytes('three'), bytes('3'), write)).toBe(true);
  expect(await overlay.compareAndSet(space, 'a', bytes('one'), bytes('x'), write)).toBe(false);
  expect(text(await overlay.get(space, 'a'))).toBe('new');
  expect(await overlay.list(space, '', undefined, 10)).toEqual(['a', 'c', 'n']);
  expect(await overlay.list(space, '', 'a', 1)).toEqual(['c']);
});

it('[HOOK-101] no write to an overlay reaches the store', async () => {
  const { base, overlay } = await setUp();
  await overlay.set(space, 'a', bytes('new'), write);
  await overlay.delete(space, 'b');
  await overlay.increment(space, 'n', 2n, write);
  await overlay.compareAndSet(space, 'x', undefined, bytes('y'), write);
  expect(await base.list(space, '', undefined, 10)).toEqual(['a', 'b', 'n']);
  expect(text(await base.get(space, 'a'))).toBe('one');
  expect(text(await base.get(space, 'n'))).toBe('5');
});

it('[HOOK-101] concurrent additions to a value of the store are all counted', async () => {
  const { overlay } = await setUp();
  await Promise.all(Array.from({ length: 10 }, () => overlay.increment(space, 'n', 1n, write)));
  expect(text(await overlay.get(space, 'n'))).toBe('15');
});

it('[HOOK-101] keys that expired or were deleted do not add up: beyond 10,000, what was written is discarded', async () => {
  const { overlay } = await setUp();
  await overlay.set(space, 'a', bytes('new'), write);
  for (let at = 0; at < 10_000; at += 1) await overlay.set(space, `k${at}`, bytes('v'), { ...write, ttlMs: 0 });
  expect(text(await overlay.get(space, 'a'))).toBe('one');
});
