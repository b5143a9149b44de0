import { type KvOperations, KvRefused, type KvSpace, type KvWrite } from './kv.ts';

export interface KvEntry {
  readonly value: Uint8Array;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number | undefined;
}

/** What a store must be able to do: plain steps on entries, expired ones included. */
export interface KvTable {
  /** Runs `work` wholly or not at all, and nothing else meanwhile. */
  transact<T>(work: () => T): T;
  /** Runs `work` that only reads. */
  look<T>(work: () => T): T;
  /** The value may be that of the table itself, valid until the next step. */
  read(space: KvSpace, key: string): KvEntry | undefined;
  /** @param isRenewed whether the key has an entry with the same end, of which only the value changes */
  write(space: KvSpace, key: string, entry: KvEntry, isRenewed?: boolean): void;
  remove(space: KvSpace, key: string): void;
  /** Keys of entries that are not expired, by their UTF-8 bytes. */
  keys(space: KvSpace, prefix: string, after: string | undefined, limit: number, now: number): readonly string[];
  usage(space: KvSpace): { readonly keys: number; readonly bytes: number };
  /** Removes some expired entries, of any space: each write calls it, so that none has much to do. */
  sweepSome(now: number): void;
  /** Removes all expired entries of a space. */
  sweepSpace(space: KvSpace, now: number): void;
}

const greatest = 2n ** 63n - 1n;
const least = -(2n ** 63n);

/** The rules of a store (quotas, expiry, comparison, addition) over a table. `now` is in milliseconds. */
export function kvOperations(table: KvTable, now: () => number = Date.now): KvOperations {
  const live = (space: KvSpace, key: string): KvEntry | undefined => {
    const entry = table.read(space, key);
    return entry?.expiresAt !== undefined && entry.expiresAt <= now() ? undefined : entry;
  };

  /** @param known the entry of the key, if it is live and was read before */
  const put = (space: KvSpace, key: string, entry: KvEntry, { quota }: KvWrite, known?: KvEntry) => {
    table.sweepSome(now());
    const fits = () => {
      const used = table.usage(space);
      const present = known ?? table.read(space, key);
      const bytes = used.bytes - (present?.value.length ?? -Buffer.byteLength(key)) + entry.value.length;
      if (used.keys + (present === undefined ? 1 : 0) > quota.keys) return `more than ${quota.keys} keys`;
      return bytes > quota.bytes ? `more than ${quota.bytes} bytes` : undefined;
    };
    if (fits() !== undefined) table.sweepSpace(space, now());
    const excess = fits();
    if (excess !== undefined) throw new KvRefused('quota', excess);
    table.write(space, key, entry, known !== undefined && known.expiresAt === entry.expiresAt);
  };

  const expiry = ({ ttlMs }: KvWrite) => (ttlMs === undefined ? undefined : now() + ttlMs);

  return {
    get: (space, key) => table.look(() => live(space, key)?.value.slice()),

    set: (space, key, value, write) =>
      table.transact(() => put(space, key, { value, expiresAt: expiry(write) }, write)),

    delete: (space, key) =>
      table.transact(() => {
        const present = live(space, key) !== undefined;
        table.remove(space, key);
        return present;
      }),

    list: (space, prefix, after, limit) => table.look(() => table.keys(space, prefix, after, limit, now())),

    compareAndSet: (space, key, expected, value, write) =>
      table.transact(() => {
        if (!same(live(space, key)?.value, expected)) return false;
        put(space, key, { value, expiresAt: expiry(write) }, write);
        return true;
      }),

    increment: (space, key, by, write) =>
      table.transact(() => {
        const present = live(space, key);
        const sum = (present === undefined ? 0n : numberIn(present.value)) + by;
        if (sum > greatest || sum < least) throw new KvRefused('not_a_number', 'the sum exceeds 64 bits');
        const value = new TextEncoder().encode(String(sum));
        const expiresAt = present === undefined ? expiry(write) : present.expiresAt;
        put(space, key, { value, expiresAt }, write, present);
        return sum;
      }),
  };
}

const same = (one: Uint8Array | undefined, other: Uint8Array | undefined): boolean =>
  one === undefined || other === undefined ? one === other : Buffer.compare(one, other) === 0;

function numberIn(value: Uint8Array): bigint {
  const text = Buffer.from(value).toString('latin1');
  if (!/^-?\d{1,19}$/.test(text)) throw new KvRefused('not_a_number', 'the value is not a whole number');
  return BigInt(text);
}
