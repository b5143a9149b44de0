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

/**
 * Small values that outlive a request. Each operation is atomic, also between processes that share a store, and what
 * it acknowledged is kept. Keys are not empty. Writes throw KvRefused.
 */
export interface KvStore extends AsyncDisposable {
  get(space: KvSpace, key: string): Promise<Uint8Array | undefined>;
  set(space: KvSpace, key: string, value: Uint8Array, write: KvWrite): Promise<void>;
  /** Whether there was one. */
  delete(space: KvSpace, key: string): Promise<boolean>;
  /** At most `limit` keys with this prefix that come after `after`, in the order of their UTF-8 bytes. */
  list(space: KvSpace, prefix: string, after: string | undefined, limit: number): Promise<readonly string[]>;
  /** Sets when the value is `expected` (`undefined`: when there is none), and tells whether it did. */
  compareAndSet(
    space: KvSpace,
    key: string,
    expected: Uint8Array | undefined,
    value: Uint8Array,
    write: KvWrite,
  ): Promise<boolean>;
  /**
   * Adds to a number, kept as decimal text, that begins with 0, and returns the sum. `ttlMs` counts from the first
   * addition: a window of a rate limit ends although requests go on.
   */
  increment(space: KvSpace, key: string, by: bigint, write: KvWrite): Promise<bigint>;
}
