import type { KvSpace, KvStore } from '../kv.ts';
import { createKvStore, type KvTable } from '../kv-table.ts';

type Entry = ReturnType<KvTable['read']> & {};

/** A store that lasts as long as the process: for tests, and where nothing is to outlive a restart. */
export function createMemoryKv(now?: () => number): KvStore {
  const spaces = new Map<string, Map<string, Entry>>();
  const nameOf = ({ plugin, tenant }: KvSpace) => JSON.stringify([plugin, tenant]);
  const entriesOf = (space: KvSpace) => spaces.get(nameOf(space)) ?? new Map<string, Entry>();
  const table: KvTable = {
    transact: work => work(),
    look: work => work(),
    read: (space, key) => entriesOf(space).get(key),
    write(space, key, entry) {
      const entries = entriesOf(space);
      entries.set(key, { ...entry, value: entry.value.slice() });
      spaces.set(nameOf(space), entries);
    },
    remove: (space, key) => void entriesOf(space).delete(key),
    keys: (space, prefix, after, limit, at) =>
      [...entriesOf(space)]
        .filter(([key, { expiresAt }]) => key.startsWith(prefix) && (expiresAt === undefined || expiresAt > at))
        .map(([key]) => key)
        .sort(byBytes)
        .filter(key => after === undefined || byBytes(key, after) > 0)
        .slice(0, limit),
    usage(space) {
      const entries = entriesOf(space);
      let bytes = 0;
      for (const [key, { value }] of entries) bytes += Buffer.byteLength(key) + value.length;
      return { keys: entries.size, bytes };
    },
    sweep(at, limit) {
      let left = limit;
      for (const entries of spaces.values()) {
        for (const [key, { expiresAt }] of entries) {
          if (left === 0) return;
          if (expiresAt === undefined || expiresAt > at) continue;
          entries.delete(key);
          left -= 1;
        }
      }
    },
    async [Symbol.asyncDispose]() {
      spaces.clear();
    },
  };
  return createKvStore(table, now);
}

const byBytes = (one: string, other: string): number => Buffer.compare(Buffer.from(one), Buffer.from(other));
