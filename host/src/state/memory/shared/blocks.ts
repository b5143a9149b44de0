import { KvFull } from '../../kv.ts';

/** Words at the start of the memory: the lock, the end of all blocks, what the table keeps, the first free block by size. */
const headerWords = 64;
const endWord = 2;
const freeWord = 16;
/** Blocks have 2 ** 6 = 64 bytes at least, and 2 ** 31 at most. */
const smallest = 6;
const largest = 31;

/** The memory does not hold what this code writes. */
export class KvDamaged extends Error {
  override readonly name = 'KvDamaged';
}

/**
 * Blocks of shared memory, named by the index of their first word. That word holds the size, as a power of two, and
 * never changes. A block that was taken is free again only when it is given back. All methods need the lock.
 */
export class Blocks {
  readonly #buffer: SharedArrayBuffer;
  words: Int32Array;
  bytes: Uint8Array;
  floats: Float64Array;

  constructor(buffer: SharedArrayBuffer) {
    this.#buffer = buffer;
    this.words = new Int32Array(buffer, 0, buffer.byteLength / 4);
    this.bytes = new Uint8Array(buffer, 0, buffer.byteLength);
    this.floats = new Float64Array(buffer, 0, buffer.byteLength / 8);
  }

  /** Forgets all blocks. */
  clear(): void {
    this.words.fill(0, freeWord, headerWords);
    this.#set(endWord, headerWords);
  }

  /**
   * Sees memory that another thread has added. Views that follow the length of the buffer by themselves are twenty times
   * slower.
   */
  refresh(): void {
    const length = this.#buffer.byteLength;
    if (length === this.bytes.length) return;
    this.words = new Int32Array(this.#buffer, 0, length / 4);
    this.bytes = new Uint8Array(this.#buffer, 0, length);
    this.floats = new Float64Array(this.#buffer, 0, length / 8);
  }

  word(at: number): number {
    return this.words[at] ?? 0;
  }

  /** Returns a block with room for this number of bytes, its own first word included. @throws KvFull */
  take(bytes: number): number {
    const size = Math.max(smallest, 32 - Math.clz32(bytes - 1));
    if (size > largest) throw new KvFull('the value is too large');
    const block = this.word(freeWord + size);
    if (block !== 0) {
      this.#set(freeWord + size, this.word(block + 1));
      return block;
    }
    return this.#append(size);
  }

  give(block: number): void {
    const head = freeWord + this.word(block);
    this.#set(block + 1, this.word(head));
    this.#set(head, block);
  }

  sizeOf(block: number): number {
    return 2 ** this.word(block);
  }

  /** Makes all blocks free but those that are in use. @throws KvDamaged */
  rebuild(inUse: ReadonlySet<number>): void {
    this.words.fill(0, freeWord, headerWords);
    const end = this.word(endWord);
    let block = headerWords;
    while (block < end) {
      const size = this.word(block);
      if (size < smallest || size > largest) throw new KvDamaged();
      if (!inUse.has(block)) this.give(block);
      block += 2 ** (size - 2);
    }
  }

  #append(size: number): number {
    const block = this.word(endWord);
    const end = block + 2 ** (size - 2);
    if (end * 4 > this.bytes.length) this.#grow(end * 4);
    // A thread that ends between these two leaves no block without a size.
    this.#set(block, size);
    this.#set(endWord, end);
    return block;
  }

  #grow(least: number): void {
    const most = this.#buffer.maxByteLength;
    if (least > most) throw new KvFull('the store is full');
    this.#buffer.grow(Math.min(most, Math.max(least, this.#buffer.byteLength * 2)));
    this.refresh();
  }

  #set(at: number, value: number): void {
    this.words[at] = value;
  }
}
