import type { KvSpace, KvStore } from './kv.ts';
import { createMemoryKv } from './memory/kv.ts';

/** The values of one space that were written over those of the store, and the keys that they replace. */
interface Overlay {
  readonly own: KvStore;
  readonly keys: Set<string>;
}

/** The number of keys after which a space's overlay is discarded, so that keys that expired do not add up. */
const mostKeys = 10_000;
/** The number of spaces that have an overlay. Beyond it, the oldest is discarded. */
const mostSpaces = 1_000;
/** The bytes of one overlay. There may be many, and what a plugin in shadow writes has no effect. */
const mostBytes = 2 ** 26;

/**
 * Creates a store that reads from `base` and keeps writes to itself, in memory. It is for plugins whose writes must have
 * no effect: they see their own writes, and `base` never changes. Quotas apply to what was written. A number that
 * `base` has is taken over without its time to live when it is first added to.
 */
export function createOverlayKv(base: KvStore, now?: () => number): KvStore {
  const overlays = new Map<string, Overlay>();
  const overlayOf = ({ plugin, tenant }: KvSpace): Overlay => {
    const name = JSON.stringify([plugin, tenant]);
    const known = overlays.get(name);
    if (known !== undefined && known.keys.size < mostKeys) return known;
    const created = { own: createMemoryKv(now, mostBytes), keys: new Set<string>() };
    overlays.delete(name);
    overlays.set(name, created);
    const [oldest] = overlays.keys();
    if (overlays.size > mostSpaces && oldest !== undefined) overlays.delete(oldest);
    return created;
  };
  const get = (space: KvSpace, key: string) => {
    const { own, keys } = overlayOf(space);
    return keys.has(key) ? own.get(space, key) : base.get(space, key);
  };
  /** Copies a value of `base`, unless it was written over. */
  const takeOver = async (space: KvSpace, key: string): Promise<Overlay> => {
    const overlay = overlayOf(space);
    if (overlay.keys.has(key)) return overlay;
    const value = await base.get(space, key);
    if (overlay.keys.has(key) || value === undefined) return overlay;
    overlay.keys.add(key);
    await overlay.own.set(space, key, value, { quota: { keys: mostKeys, bytes: Number.MAX_SAFE_INTEGER } });
    return overlay;
  };

  return {
    get,
    async set(space, key, value, write) {
      const { own, keys } = overlayOf(space);
      await own.set(space, key, value, write);
      keys.add(key);
    },
    async delete(space, key) {
      const isPresent = (await get(space, key)) !== undefined;
      const { own, keys } = overlayOf(space);
      if (isPresent) keys.add(key);
      await own.delete(space, key);
      return isPresent;
    },
    async list(space, prefix, after, limit) {
      const { own, keys } = overlayOf(space);
      const below = await base.list(space, prefix, after, limit + keys.size);
      const written = await own.list(space, prefix, after, limit);
      const all = [...below.filter(key => !keys.has(key)), ...written];
      return all.sort((one, other) => Buffer.compare(Buffer.from(one), Buffer.from(other))).slice(0, limit);
    },
    async compareAndSet(space, key, expected, value, write) {
      const { own, keys } = await takeOver(space, key);
      const isSet = await own.compareAndSet(space, key, expected, value, write);
      if (isSet) keys.add(key);
      return isSet;
    },
    async increment(space, key, by, write) {
      const { own, keys } = await takeOver(space, key);
      const sum = await own.increment(space, key, by, write);
      keys.add(key);
      return sum;
    },
    async [Symbol.asyncDispose]() {
      overlays.clear();
    },
  };
}
