import { BinaryReader, formatOf } from '@sallyport/host/wasm/binary-reader';

/** A section of a component or module: its content, or what is nested in it. */
export interface SectionNode {
  readonly id: number;
  readonly content: Uint8Array;
  /** Sections of the module (id 1) or component (id 4) that it holds, after a preamble of eight bytes. */
  readonly nested?: readonly SectionNode[];
}

export const preambleBytes = 8;
const nesting = new Set([1, 4]);

/** The sections as a tree, as far as they can be read. Modules have no nested ones: their section 1 is of types. */
export function treeOf(bytes: Uint8Array, from = preambleBytes): SectionNode[] {
  const sections: SectionNode[] = [];
  const reader = new BinaryReader(bytes, from);
  const isComponent = formatOf(bytes) === 'component';
  try {
    while (!reader.done) {
      const id = reader.byte();
      const content = reader.take(reader.u32());
      const nested = isComponent && nesting.has(id) && formatOf(content) !== undefined;
      sections.push({ id, content, ...(nested ? { nested: treeOf(content) } : {}) });
    }
  } catch {
    // What cannot be read is left out.
  }
  return sections;
}

/** The bytes of a tree, after a preamble. */
export const bytesOf = (preamble: Uint8Array, sections: readonly SectionNode[]): Uint8Array =>
  Buffer.concat([
    preamble,
    ...sections.flatMap(({ id, content, nested }) => {
      const inner = nested === undefined ? content : bytesOf(content.subarray(0, preambleBytes), nested);
      return [Uint8Array.of(id), leb(inner.length), inner];
    }),
  ]);

/** Unsigned LEB128. */
export function leb(value: number): Uint8Array {
  const bytes: number[] = [];
  for (let rest = value >>> 0; ; rest >>>= 7) {
    if (rest < 0x80) return Uint8Array.from([...bytes, rest]);
    bytes.push((rest & 0x7f) | 0x80);
  }
}
