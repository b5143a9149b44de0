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
   * addition: a window of a rate limit ends although requests continue.
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
  /** Resolves once the store works; rejected with Fault `kv_unusable`. Absent if it works from the beginning. */
  readonly opened?: Promise<void>;
  /** Present if other threads can use the store without the gateway's thread. */
  readonly lending?: KvLending;
}

/** What a store holds a plugin to, whatever a lane asks for it. */
export interface KvBounds {
  readonly keyBytes: number;
  readonly valueBytes: number;
  readonly quota: KvQuota;
  readonly ttlMs?: number | undefined;
}

/** Gives threads what they need to use a store directly. */
export interface KvLending {
  /**
   * Returns plain data and shared memory with which a thread uses the values of a plugin. The gateway's thread (1) gets
   * none from a store that threads have to wait for.
   */
  lend(thread: number, plugin: string, bounds: KvBounds): unknown;
  /** Finishes what a thread left undone that has ended, or that runs nothing now. */
  settle(plugin: string, thread: number): void;
  /** Takes back what a thread was lent, which has ended. */
  end(thread: number): void;
}

/** The number of the gateway's thread. Lanes have higher ones. */
export const gatewayThread = 1;

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
