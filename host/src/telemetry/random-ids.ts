import { randomFillSync } from 'node:crypto';

/** Bytes that are generated at once, because asking for a few at a time costs more than all else of an id. */
const poolBytes = 4096;

/** Generates the ids of traces and spans, and the random numbers by which traces are sampled. */
export class RandomIds {
  readonly #pool = Buffer.alloc(poolBytes);
  #used = poolBytes;

  /** Returns the id of a trace: 16 bytes in hexadecimal. */
  traceId(): string {
    return this.#hex(16);
  }

  /** Returns the id of a span: 8 bytes in hexadecimal. */
  spanId(): string {
    return this.#hex(8);
  }

  /** Returns a number from 0 on, below 1. */
  fraction(): number {
    return this.#pool.readUInt32LE(this.#take(4)) / 2 ** 32;
  }

  #hex(bytes: number): string {
    const at = this.#take(bytes);
    const id = this.#pool.toString('hex', at, at + bytes);
    // An id of zeros is invalid.
    return /[1-9a-f]/.test(id) ? id : this.#hex(bytes);
  }

  #take(bytes: number): number {
    if (this.#used + bytes > poolBytes) {
      randomFillSync(this.#pool);
      this.#used = 0;
    }
    const at = this.#used;
    this.#used += bytes;
    return at;
  }
}
