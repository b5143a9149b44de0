/**
 * Whose keys: two spaces never see each other's. Requests without a tenant have a space of their own, beside that of a
 * tenant whose name is empty.
 */
export interface KvSpace {
  readonly plugin: string;
  readonly tenant: string | undefined;
}

/** What one space may hold. Bytes are those of keys (UTF-8) and values. */
export interface KvQuota {
  readonly keys: number;
  readonly bytes: number;
}

export interface KvWrite {
  readonly quota: KvQuota;
  /** Milliseconds until the entry is gone; it stays when there is none. */
  readonly ttlMs?: number | undefined;
}

/** Why a write was refused. `message` is for the plugin. */
export class KvRefused extends Error {
  override readonly name = 'KvRefused';
  readonly reason: 'quota' | 'not_a_number';

  constructor(reason: 'quota' | 'not_a_number', message: string) {
    super(message);
    this.reason = reason;
  }
}

/** A store in shared memory has no room for more, whatever the quotas are. */
export class KvFull extends Error {
  override readonly name = 'KvFull';
}

/** The operations of a store that answers at once. Each is atomic. Keys are not empty. Writes throw KvRefused. */
export interface KvOperations {
  get(space: KvSpace, key: string): Uint8Array | undefined;
  set(space: KvSpace, key: string, value: Uint8Array, write: KvWrite): void;
  /** Whether there was one. */
  delete(space: KvSpace, key: string): boolean;
  /** At most `limit` keys with this prefix that come after `after`, in the order of their UTF-8 bytes. */
  list(space: KvSpace, prefix: string, after: string | undefined, limit: number): readonly string[];
  /** Sets the value if the present one equals `expected` (`undefined`: the key has no value). Returns whether it did. */
  compareAndSet(
    space: KvSpace,
    key: string,
    expected: Uint8Array | undefined,
    value: Uint8Array,
    write: KvWrite,
  ): boolean;
  /**
   * Adds to a number, kept as decimal text, that begins with 0, and returns the sum. `ttlMs` counts from the first
   * addition: a window of a rate limit ends although requests go on.
   */
  increment(space: KvSpace, key: string, by: bigint, write: KvWrite): bigint;
}

type Later<T> = {
  readonly [Name in keyof T]: T[Name] extends (...given: infer Given) => infer Result
    ? (...given: Given) => Promise<Result>
    : never;
};

/**
 * Small values that outlive a request. Each operation is atomic, also between processes that share a store, and what
 * it acknowledged is kept.
 */
export interface KvStore extends Later<KvOperations>, AsyncDisposable {
  /** Present if the values are in memory that threads can use directly. */
  readonly shared?: SharedValues;
}

/** Values of plugins in shared memory. */
export interface SharedValues {
  /** The operations of this thread. */
  readonly here: KvOperations;
  memoryOf(plugin: string): SharedArrayBuffer;
  /** Finishes what another thread left undone that has ended, or that runs nothing now. */
  settle(plugin: string, thread: number): void;
}

/** Returns operations that answer later: `run` runs each of them, again if it has to. */
export function later(kv: KvOperations, run: <T>(work: () => T) => Promise<T>): Later<KvOperations> {
  return {
    get: (...given) => run(() => kv.get(...given)),
    set: (...given) => run(() => kv.set(...given)),
    delete: (...given) => run(() => kv.delete(...given)),
    list: (...given) => run(() => kv.list(...given)),
    compareAndSet: (...given) => run(() => kv.compareAndSet(...given)),
    increment: (...given) => run(() => kv.increment(...given)),
  };
}
