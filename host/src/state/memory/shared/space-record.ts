import type { Blocks } from './blocks.ts';

/** Words of the record: 0 is the size of its block. */
const nextWord = 1;
const soonestWord = 2;
const tableWord = 4;
const keysWord = 5;
const bytesWord = 6;
const usedWord = 7;
const nameLengthWord = 8;
const nameWord = 9;

/** Words of an entry: 0 is the size of its block, 2 and 3 are a double. */
const hashWord = 1;
const expiresWord = 2;
const keyLengthWord = 4;
const valueLengthWord = 5;
const dataWord = 6;

/** Words of a table of slots: 0 is the size of its block, 1 the number of slots. */
const firstSlot = 2;
/** A slot holds the block of an entry, or one of these. */
const empty = 0;
const removed = -1;

/** An entry as it lies in memory. Its key and value change when the store does. */
export interface Entry {
  readonly slot: number;
  readonly key: Uint8Array;
  readonly value: Uint8Array;
  readonly expiresAt: number | undefined;
}

/**
 * The keys of one tenant in shared memory, with their number and bytes. They are found by open addressing: a slot of the
 * table changes with one store, so it leads to a whole entry at any moment.
 */
export class SpaceRecord {
  readonly block: number;
  readonly #blocks: Blocks;

  constructor(blocks: Blocks, block: number) {
    this.#blocks = blocks;
    this.block = block;
  }

  /** Writes a record without keys. It counts once it is linked. */
  static create(blocks: Blocks, name: Uint8Array, next: number): SpaceRecord {
    const table = takeTable(blocks, 0);
    const block = blocks.take(nameWord * 4 + name.length);
    const space = new SpaceRecord(blocks, block);
    space.#set(nextWord, next);
    space.soonest = Number.POSITIVE_INFINITY;
    space.#set(tableWord, table);
    for (const word of [keysWord, bytesWord, usedWord]) space.#set(word, 0);
    space.#set(nameLengthWord, name.length);
    blocks.bytes.set(name, (block + nameWord) * 4);
    return space;
  }

  get name(): Uint8Array {
    const start = (this.block + nameWord) * 4;
    return this.#blocks.bytes.subarray(start, start + this.#word(nameLengthWord));
  }

  /** The block of the space that was added before; 0 for the first. */
  get next(): number {
    return this.#word(nextWord);
  }

  get keys(): number {
    return this.#word(keysWord);
  }

  /** Bytes of keys and values. */
  get bytes(): number {
    return this.#word(bytesWord);
  }

  /** No entry expires before this moment. */
  get soonest(): number {
    return this.#blocks.floats[(this.block + soonestWord) / 2] ?? 0;
  }

  set soonest(at: number) {
    this.#blocks.floats[(this.block + soonestWord) / 2] = at;
  }

  find(key: Uint8Array, hash: number): Entry | undefined {
    const slot = this.#slotOf(key, hash);
    return slot === -1 ? undefined : this.#entryAt(slot);
  }

  put(key: Uint8Array, hash: number, value: Uint8Array, expiresAt = Number.POSITIVE_INFINITY): void {
    const blocks = this.#blocks;
    const entry = blocks.take(dataWord * 4 + key.length + value.length);
    const { words, bytes, floats } = blocks;
    words[entry + hashWord] = hash;
    floats[(entry + expiresWord) / 2] = expiresAt;
    words[entry + keyLengthWord] = key.length;
    words[entry + valueLengthWord] = value.length;
    copy(key, bytes, (entry + dataWord) * 4);
    copy(value, bytes, (entry + dataWord) * 4 + key.length);
    if (expiresAt < this.soonest) this.soonest = expiresAt;
    const slot = this.#slotOf(key, hash);
    if (slot === -1) this.#insert(entry, hash, key.length + value.length);
    else {
      const before = blocks.word(slot);
      const grown = value.length - blocks.word(before + valueLengthWord);
      Atomics.store(words, slot, entry);
      this.#set(bytesWord, this.bytes + grown);
      blocks.give(before);
    }
  }

  removeAt(slot: number): void {
    const blocks = this.#blocks;
    const entry = blocks.word(slot);
    Atomics.store(blocks.words, slot, removed);
    this.#set(keysWord, this.keys - 1);
    this.#set(bytesWord, this.bytes - weightOf(blocks, entry));
    blocks.give(entry);
  }

  *entries(): Generator<Entry> {
    for (const slot of this.#slots()) if (this.#blocks.word(slot) > 0) yield this.#entryAt(slot);
  }

  /**
   * Removes the expired entries among `count` slots from the place `from`. Returns the place after them; 0 at the end.
   */
  sweep(now: number, from: number, count: number): number {
    const first = this.#table + firstSlot;
    const slots = this.#slotCount;
    const end = Math.min(slots, from + count);
    for (let place = from; place < end; place += 1) {
      const entry = this.#blocks.word(first + place);
      if (entry > 0 && this.#expires(entry) <= now) this.removeAt(first + place);
    }
    return end === slots ? 0 : end;
  }

  sweepAll(now: number): void {
    this.sweep(now, 0, this.#slotCount);
    let soonest = Number.POSITIVE_INFINITY;
    for (const slot of this.#slots()) {
      const entry = this.#blocks.word(slot);
      if (entry > 0) soonest = Math.min(soonest, this.#expires(entry));
    }
    this.soonest = soonest;
  }

  /** Derives the counts from the entries, and adds the blocks that it finds to those in use. */
  recount(inUse: Set<number>): void {
    const blocks = this.#blocks;
    inUse.add(this.block).add(this.#table);
    let [keys, bytes, used] = [0, 0, 0];
    for (const slot of this.#slots()) {
      const entry = blocks.word(slot);
      if (entry !== empty) used += 1;
      if (entry <= 0) continue;
      keys += 1;
      bytes += weightOf(blocks, entry);
      inUse.add(entry);
    }
    this.#set(keysWord, keys);
    this.#set(bytesWord, bytes);
    this.#set(usedWord, used);
    // A lower bound is right whatever was under way.
    this.soonest = 0;
  }

  get #table(): number {
    return this.#word(tableWord);
  }

  get #slotCount(): number {
    return this.#blocks.word(this.#table + 1);
  }

  *#slots(): Generator<number> {
    const first = this.#table + firstSlot;
    const end = Math.min(first + this.#slotCount, this.#blocks.words.length);
    for (let slot = first; slot < end; slot += 1) yield slot;
  }

  /** Returns the slot with this key, or -1. */
  #slotOf(key: Uint8Array, hash: number): number {
    const { words, bytes } = this.#blocks;
    const first = this.#table + firstSlot;
    const slots = this.#slotCount;
    let place = (hash >>> 0) % slots;
    for (let looked = 0; looked < slots; looked += 1) {
      const entry = words[first + place] ?? empty;
      if (entry === empty) return -1;
      if (
        entry !== removed &&
        words[entry + hashWord] === hash &&
        words[entry + keyLengthWord] === key.length &&
        isAt(key, bytes, (entry + dataWord) * 4)
      )
        return first + place;
      place = place + 1 === slots ? 0 : place + 1;
    }
    return -1;
  }

  #insert(entry: number, hash: number, weight: number): void {
    if ((this.#word(usedWord) + 1) * 4 > this.#slotCount * 3) this.#rehash();
    const { words } = this.#blocks;
    const slot = freeSlot(this.#blocks, this.#table, hash);
    const wasEmpty = words[slot] === empty;
    Atomics.store(words, slot, entry);
    this.#set(keysWord, this.keys + 1);
    this.#set(bytesWord, this.bytes + weight);
    if (wasEmpty) this.#set(usedWord, this.#word(usedWord) + 1);
  }

  /** Moves the entries to a new table, which takes the place of the old one with one store. */
  #rehash(): void {
    const blocks = this.#blocks;
    const before = this.#table;
    const table = takeTable(blocks, this.keys * 2);
    let used = 0;
    for (const slot of this.#slots()) {
      const entry = blocks.word(slot);
      if (entry <= 0) continue;
      blocks.words[freeSlot(blocks, table, blocks.word(entry + hashWord))] = entry;
      used += 1;
    }
    Atomics.store(blocks.words, this.block + tableWord, table);
    this.#set(usedWord, used);
    blocks.give(before);
  }

  #entryAt(slot: number): Entry {
    const blocks = this.#blocks;
    const entry = blocks.word(slot);
    const expires = this.#expires(entry);
    const start = (entry + dataWord) * 4;
    const middle = start + blocks.word(entry + keyLengthWord);
    return {
      slot,
      key: blocks.bytes.subarray(start, middle),
      value: blocks.bytes.subarray(middle, middle + blocks.word(entry + valueLengthWord)),
      expiresAt: expires === Number.POSITIVE_INFINITY ? undefined : expires,
    };
  }

  #expires(entry: number): number {
    return this.#blocks.floats[(entry + expiresWord) / 2] ?? 0;
  }

  #word(word: number): number {
    return this.#blocks.word(this.block + word);
  }

  #set(word: number, value: number): void {
    this.#blocks.words[this.block + word] = value;
  }
}

/** Takes a block for a table with this many slots at least, all of them empty. */
function takeTable(blocks: Blocks, slots: number): number {
  const table = blocks.take((firstSlot + slots) * 4);
  const words = blocks.sizeOf(table) / 4;
  blocks.words[table + 1] = words - firstSlot;
  blocks.words.fill(empty, table + firstSlot, table + words);
  return table;
}

/** Returns the first slot that a new entry with this hash can take. A table is never full. */
function freeSlot({ words }: Blocks, table: number, hash: number): number {
  const first = table + firstSlot;
  const slots = words[table + 1] ?? 1;
  let place = (hash >>> 0) % slots;
  for (let looked = 0; looked < slots && (words[first + place] ?? empty) > 0; looked += 1)
    place = place + 1 === slots ? 0 : place + 1;
  return first + place;
}

const weightOf = (blocks: Blocks, entry: number): number =>
  blocks.word(entry + keyLengthWord) + blocks.word(entry + valueLengthWord);

function isAt(key: Uint8Array, bytes: Uint8Array, at: number): boolean {
  for (let place = 0; place < key.length; place += 1) if (key[place] !== bytes[at + place]) return false;
  return true;
}

/** Copies short bytes: `set` takes half a microsecond before it begins. */
function copy(from: Uint8Array, to: Uint8Array, at: number): void {
  if (from.length > 256) to.set(from, at);
  else for (let place = 0; place < from.length; place += 1) to[at + place] = from[place] ?? 0;
}
