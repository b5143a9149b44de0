import { KvFull, KvRefused, type KvSpace } from '../../kv.ts';
import type { KvEntry, KvTable } from '../../kv-table.ts';
import { Blocks, KvDamaged } from './blocks.ts';
import { keyHash } from './key-hash.ts';
import type { SharedLock } from './shared-lock.ts';
import { type Entry, SpaceRecord } from './space-record.ts';

/** Words of the header: the newest space, the key of the hash, and how often all was dropped. */
const newestWord = 3;
const hashKeyWords = [4, 5] as const;
const dropsWord = 6;

/** Slots that each write looks through for expired entries. */
const sweptByWrite = 16;

/**
 * The values of one plugin in memory that threads share. A thread may end at any instruction, also under the lock: so an
 * entry is written to free memory and then put into its place with one store, and counts and free blocks can be derived
 * from the entries: see `recover`.
 */
export class SharedTable implements KvTable {
  readonly #blocks: Blocks;
  readonly #lock: SharedLock;
  /** The spaces that this thread has seen, by name. A space is never removed. */
  readonly #spaces = new Map<string, SpaceRecord>();
  #sweepable: SpaceRecord[] = [];
  #newestSeen = 0;
  #dropsSeen = 0;
  /** The last key, which one operation encodes and hashes once. */
  #key = '';
  #keyBytes: Uint8Array = new Uint8Array(0);
  #hash = 0;
  /** Where the next sweep begins. */
  #sweptSpace = 0;
  #sweptSlot = 0;

  constructor(buffer: SharedArrayBuffer, lock: SharedLock) {
    this.#blocks = new Blocks(buffer);
    this.#lock = lock;
  }

  /** Makes new memory an empty table. */
  create(hashKey: Int32Array): void {
    this.#blocks.clear();
    this.#setHeader(newestWord, 0);
    for (const [place, word] of hashKeyWords.entries()) this.#setHeader(word, hashKey[place] ?? 0);
    this.#rehashKey();
  }

  transact<T>(work: () => T): T {
    // When the stack overflows under the lock, there may be no room to recover.
    if (this.#lock.isOwn) this.recover();
    else this.#lock.take();
    this.#refresh();
    let result: T;
    try {
      result = work();
    } catch (error) {
      if (!(error instanceof KvRefused || error instanceof KvFull)) this.recover();
      this.#lock.release();
      throw error;
    }
    this.#lock.release();
    return result;
  }

  look<T>(work: () => T): T {
    return this.transact(work);
  }

  read(of: KvSpace, key: string): KvEntry | undefined {
    return this.#find(of, key);
  }

  write(of: KvSpace, key: string, { value, expiresAt }: KvEntry): void {
    const space = this.#space(of) ?? this.#addSpace(of);
    this.#encode(key);
    space.put(this.#keyBytes, this.#hash, value, expiresAt);
  }

  remove(of: KvSpace, key: string): void {
    const entry = this.#find(of, key);
    if (entry !== undefined) this.#space(of)?.removeAt(entry.slot);
  }

  keys(of: KvSpace, prefix: string, after: string | undefined, limit: number, now: number): readonly string[] {
    const start = Buffer.from(prefix);
    const past = after === undefined ? undefined : Buffer.from(after);
    let found: Uint8Array[] = [];
    let most: Uint8Array | undefined;
    const cut = () => {
      found = found.sort(Buffer.compare).slice(0, limit);
      if (found.length === limit) most = found.at(-1);
    };
    for (const { key, expiresAt } of this.#space(of)?.entries() ?? []) {
      if (expiresAt !== undefined && expiresAt <= now) continue;
      if (key.length < start.length || Buffer.compare(key.subarray(0, start.length), start) !== 0) continue;
      if (past !== undefined && Buffer.compare(key, past) <= 0) continue;
      if (most !== undefined && Buffer.compare(key, most) >= 0) continue;
      // Not beyond what is asked for by much: a space may have a million keys.
      if (found.push(key) >= 2 * limit) cut();
    }
    cut();
    return found.map(key => Buffer.from(key).toString('utf8'));
  }

  usage(of: KvSpace): { readonly keys: number; readonly bytes: number } {
    return this.#space(of) ?? { keys: 0, bytes: 0 };
  }

  sweepSome(now: number): void {
    const space = this.#sweepable[this.#sweptSpace];
    if (space === undefined) this.#sweptSpace = 0;
    else if (space.soonest <= now) this.#sweptSlot = space.sweep(now, this.#sweptSlot, sweptByWrite);
    if (this.#sweptSlot === 0) this.#sweptSpace += 1;
  }

  sweepSpace(of: KvSpace, now: number): void {
    const space = this.#space(of);
    if (space !== undefined && space.soonest <= now) space.sweepAll(now);
  }

  /**
   * Repairs the table after work that ended in the middle. The caller has the lock. If hostile code has damaged the
   * memory, all values are dropped.
   */
  recover(): void {
    this.#refresh();
    try {
      const inUse = new Set<number>();
      for (const space of this.#spacesSince(0)) space.recount(inUse);
      this.#blocks.rebuild(inUse);
    } catch (error) {
      if (!(error instanceof KvDamaged)) throw error;
      this.#blocks.clear();
      this.#setHeader(newestWord, 0);
      this.#setHeader(dropsWord, this.#blocks.word(dropsWord) + 1);
    }
  }

  /** Sees what other threads have added, or dropped. */
  #refresh(): void {
    this.#blocks.refresh();
    const drops = this.#blocks.word(dropsWord);
    if (drops === this.#dropsSeen) return;
    this.#dropsSeen = drops;
    this.#spaces.clear();
    this.#sweepable = [];
    this.#newestSeen = 0;
  }

  #find(of: KvSpace, key: string): Entry | undefined {
    this.#encode(key);
    return this.#space(of)?.find(this.#keyBytes, this.#hash);
  }

  #encode(key: string): void {
    if (key === this.#key) return;
    this.#keyBytes = Buffer.from(key);
    this.#key = key;
    this.#rehashKey();
  }

  #rehashKey(): void {
    const [first, second] = hashKeyWords;
    this.#hash = keyHash(this.#keyBytes, this.#blocks.word(first), this.#blocks.word(second));
  }

  #space(of: KvSpace): SpaceRecord | undefined {
    const name = nameOf(of);
    const known = this.#spaces.get(name);
    if (known !== undefined) return known;
    const newest = this.#blocks.word(newestWord);
    if (newest === this.#newestSeen) return undefined;
    const added = [...this.#spacesSince(this.#newestSeen)];
    for (const space of added) this.#keep(Buffer.from(space.name).toString('utf8'), space);
    this.#newestSeen = newest;
    return this.#spaces.get(name);
  }

  #addSpace(of: KvSpace): SpaceRecord {
    const name = nameOf(of);
    const space = SpaceRecord.create(this.#blocks, Buffer.from(name), this.#blocks.word(newestWord));
    Atomics.store(this.#blocks.words, newestWord, space.block);
    this.#newestSeen = space.block;
    this.#keep(name, space);
    return space;
  }

  #keep(name: string, space: SpaceRecord): void {
    this.#spaces.set(name, space);
    this.#sweepable.push(space);
  }

  /** Yields the spaces from the newest to the one before `last`. */
  *#spacesSince(last: number): Generator<SpaceRecord> {
    const seen = new Set<number>();
    for (let block = this.#blocks.word(newestWord); block !== last; ) {
      const space = new SpaceRecord(this.#blocks, block);
      if (seen.has(block) || block <= 0) throw new KvDamaged();
      seen.add(block);
      yield space;
      block = space.next;
    }
  }

  #setHeader(word: number, value: number): void {
    this.#blocks.words[word] = value;
  }
}

/** A lone surrogate has no UTF-8, but is escaped in JSON. No tenant is `null`. */
const nameOf = ({ tenant }: KvSpace): string => JSON.stringify(tenant ?? null);
