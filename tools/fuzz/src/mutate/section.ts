import { BinaryReader, componentSection, concat, formatOf, preambleBytes, section } from '@sallyport/host/wasm';

/** A section of a component or module: its content, or what is nested in it. */
export interface SectionNode {
  readonly id: number;
  readonly content: Uint8Array;
  /** Sections of the module (id 1) or component (id 4) that it holds, after a preamble of eight bytes. */
  readonly nested?: readonly SectionNode[];
}

const nesting: ReadonlySet<number> = new Set([componentSection.coreModule, componentSection.component]);

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
  concat([
    preamble,
    ...sections.map(({ id, content, nested }) =>
      section(id, nested === undefined ? content : bytesOf(content.subarray(0, preambleBytes), nested)),
    ),
  ]);
