import { expect, it } from 'vitest';
import { kvCases } from '../kv.case.ts';
import { createMemoryKv } from './kv.ts';

kvCases(createMemoryKv);

it('[CAP-108] the gateway does not wait for long for a lane that ended with the lock, and frees it', async () => {
  await using store = createMemoryKv();
  const space = { plugin: 'p', tenant: undefined };
  const write = { quota: { keys: 10, bytes: 100 } };
  await store.increment(space, 'n', 1n, write);
  // As a lane leaves it that is ended in the middle of an operation.
  Atomics.store(new Int32Array(store.lending.lend(7, 'p')), 0, 7);
  const began = performance.now();
  await expect(store.increment(space, 'n', 1n, write)).rejects.toThrow('the store is locked');
  expect(performance.now() - began).toBeGreaterThan(90);
  expect(await store.increment({ plugin: 'q', tenant: undefined }, 'n', 1n, write)).toBe(1n);
  store.lending.settle('p', 6);
  store.lending.settle('p', 7);
  expect(await store.increment(space, 'n', 1n, write)).toBe(2n);
});
