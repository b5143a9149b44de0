import { fail } from '../core/fault.ts';
import { preambleBytes } from './binary-format.ts';

/** One section of a module or component. Its content is from `start` to `end` of the bytes that it was read from. */
export interface Section {
  readonly id: number;
  readonly start: number;
  readonly end: number;
}

/** Reads the primitive values of the WebAssembly binary format (§ Binary Format, Values) from `start` to `end`. */
export class BinaryReader {
  readonly bytes: Uint8Array;
  position: number;
  readonly end: number;

  constructor(bytes: Uint8Array, start = 0, end = bytes.length) {
    this.bytes = bytes;
    this.position = start;
    this.end = end;
  }

  get done(): boolean {
    return this.position >= this.end;
  }

  /** Reads one byte. @throws Fault `component_malformed` at the end */
  byte(): number {
    const value = this.position < this.end ? this.bytes[this.position] : undefined;
    if (value === undefined) return malformed('a section ends in the middle of a value', this.position);
    this.position += 1;
    return value;
  }

  /** Reads an unsigned LEB128 of at most 32 bits. @throws Fault `component_malformed` */
  u32(): number {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.byte();
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value <= 0xffffffff ? value : malformed('a number of more than 32 bits', this.position);
    }
    return malformed('a number of more than 32 bits', this.position);
  }

  /** Skips a LEB128 of at most 64 bits, signed or not. @throws Fault `component_malformed` */
  skipInteger(): void {
    for (let bytes = 0; bytes < 10; bytes += 1) if (this.byte() < 0x80) return;
    malformed('a number of more than 64 bits', this.position);
  }

  /** Skips a value type: one byte, or `(ref null? heaptype)` as a prefix and an integer. */
  skipValueType(): void {
    const type = this.byte();
    if (type === nullableReference || type === reference) this.skipInteger();
  }

  /** Returns the next byte without reading it, or undefined at the end. */
  peek(): number | undefined {
    return this.done ? undefined : this.bytes[this.position];
  }

  /** Reads the next `length` bytes, as a view. @throws Fault `component_malformed` */
  take(length: number): Uint8Array {
    if (this.position + length > this.end) return malformed('a value reaches beyond its section', this.position);
    this.position += length;
    return this.bytes.subarray(this.position - length, this.position);
  }

  /** Reads a name: its length and UTF-8 bytes. @throws Fault `component_malformed` when it is not valid UTF-8 */
  name(): string {
    const start = this.position;
    const encoded = this.take(this.u32());
    try {
      return utf8.decode(encoded);
    } catch {
      return malformed('a name is not UTF-8', start);
    }
  }
}

const nullableReference = 0x63;
const reference = 0x64;
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
/** Sections of one module or component. Real ones have a few hundred. */
const maximumSections = 10_000;

/**
 * Reads the sections of the module or component that lies between `start` and `end`, in order.
 * (Core spec § Modules; Component Model § Binary)
 * @throws Fault `component_malformed` if a section ends beyond `end`, `component_excessive` beyond 10,000 sections
 */
export function* sectionsOf(bytes: Uint8Array, start = 0, end = bytes.length): Generator<Section> {
  const reader = new BinaryReader(bytes, start + preambleBytes, end);
  for (let count = 1; !reader.done; count += 1) {
    if (count > maximumSections) fail('component_excessive', { what: 'sections', limit: maximumSections });
    const id = reader.byte();
    const size = reader.u32();
    const from = reader.position;
    reader.take(size);
    yield { id, start: from, end: from + size };
  }
}

function malformed(what: string, at: number): never {
  return fail('component_malformed', { what, at });
}
