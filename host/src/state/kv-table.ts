import { KvRefused, type KvSpace, type KvStore, type KvWrite } from './kv.ts';

interface KvEntry {
  readonly value: Uint8Array;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number | undefined;
}

/** What a store within this process must be able to do: plain, synchronous steps on entries, expired ones included. */
export interface KvTable extends AsyncDisposable {
  /** Runs `work` wholly or not at all, and nothing else meanwhile. */
  transact<T>(work: () => T): T | Promise<T>;
  /** Runs `work` that only reads. */
  look<T>(work: () => T): T | Promise<T>;
  read(space: KvSpace, key: string): KvEntry | undefined;
  write(space: KvSpace, key: string, entry: KvEntry): void;
  remove(space: KvSpace, key: string): void;
  /** Keys of entries that are not expired, by their UTF-8 bytes. */
  keys(space: KvSpace, prefix: string, after: string | undefined, limit: number, now: number): readonly string[];
  usage(space: KvSpace): { readonly keys: number; readonly bytes: number };
  /** Removes at most `limit` expired entries, of any space. */
  sweep(now: number, limit: number): void;
}

/** Expired entries that each write clears away, so that no single one has much to do. */
const sweptByWrite = 100;
const greatest = 2n ** 63n - 1n;
const least = -(2n ** 63n);

/** The rules of a KvStore (quotas, expiry, comparison, addition) over a table. `now` is in milliseconds. */
export function createKvStore(table: KvTable, now: () => number = Date.now): KvStore {
  const live = (space: KvSpace, key: string): KvEntry | undefined => {
    const entry = table.read(space, key);
    return entry?.expiresAt !== undefined && entry.expiresAt <= now() ? undefined : entry;
  };

  const put = (space: KvSpace, key: string, entry: KvEntry, { quota }: KvWrite) => {
    table.sweep(now(), sweptByWrite);
    const fits = () => {
      const used = table.usage(space);
      const present = table.read(space, key);
      const bytes = used.bytes - (present?.value.length ?? -Buffer.byteLength(key)) + entry.value.length;
      if (used.keys + (present === undefined ? 1 : 0) > quota.keys) return `more than ${quota.keys} keys`;
      return bytes > quota.bytes ? `more than ${quota.bytes} bytes` : undefined;
    };
    if (fits() !== undefined) table.sweep(now(), Number.MAX_SAFE_INTEGER);
    const excess = fits();
    if (excess !== undefined) throw new KvRefused('quota', excess);
    table.write(space, key, entry);
  };

  const expiry = ({ ttlMs }: KvWrite) => (ttlMs === undefined ? undefined : now() + ttlMs);

  return {
    get: async (space, key) => table.look(() => live(space, key)?.value.slice()),

    set: async (space, key, value, write) =>
      table.transact(() => put(space, key, { value, expiresAt: expiry(write) }, write)),

    delete: async (space, key) =>
      table.transact(() => {
        const present = live(space, key) !== undefined;
        table.remove(space, key);
        return present;
      }),

    list: async (space, prefix, after, limit) => table.look(() => table.keys(space, prefix, after, limit, now())),

    compareAndSet: async (space, key, expected, value, write) =>
      table.transact(() => {
        if (!same(live(space, key)?.value, expected)) return false;
        put(space, key, { value, expiresAt: expiry(write) }, write);
        return true;
      }),

    increment: async (space, key, by, write) =>
      table.transact(() => {
        const present = live(space, key);
        const sum = (present === undefined ? 0n : numberIn(present.value)) + by;
        if (sum > greatest || sum < least) throw new KvRefused('not_a_number', 'the sum exceeds 64 bits');
        const value = new TextEncoder().encode(String(sum));
        put(space, key, { value, expiresAt: present === undefined ? expiry(write) : present.expiresAt }, write);
        return sum;
      }),

    [Symbol.asyncDispose]: () => table[Symbol.asyncDispose](),
  };
}

const same = (one: Uint8Array | undefined, other: Uint8Array | undefined): boolean =>
  one === undefined || other === undefined ? one === other : Buffer.compare(one, other) === 0;

function numberIn(value: Uint8Array): bigint {
  const text = Buffer.from(value).toString('latin1');
  if (!/^-?\d{1,19}$/.test(text)) throw new KvRefused('not_a_number', 'the value is not a whole number');
  return BigInt(text);
}
