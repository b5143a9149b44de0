import { coreSection, emptyComponent, emptyModule } from './binary-format.ts';

/** Bytes, or the numbers that become bytes. */
export type Bytes = Uint8Array | readonly number[];

/** Returns these bytes one after the other. */
export const concat = (parts: readonly Bytes[]): Uint8Array =>
  Buffer.concat(parts.map(part => (part instanceof Uint8Array ? part : Uint8Array.from(part))));

/** Writes an unsigned number of at most 32 bits, in LEB128. (Core spec § Binary Format, Values) */
export function u32(value: number): Uint8Array {
  const bytes: number[] = [];
  for (let rest = value >>> 0; ; rest >>>= 7) {
    if (rest < 0x80) return Uint8Array.from([...bytes, rest]);
    bytes.push((rest & 0x7f) | 0x80);
  }
}

/** Writes bytes with their number before them, which is how names and bodies of functions are written. */
export function sized(...content: readonly Bytes[]): Uint8Array {
  const bytes = concat(content);
  return concat([u32(bytes.length), bytes]);
}

/** Writes a name. */
export const name = (text: string): Uint8Array => sized(Buffer.from(text));

/** Writes a list: the number of its entries, and the bytes of all entries. */
export const vector = (count: number, entries: Bytes = []): Uint8Array => concat([u32(count), entries]);

/** Writes one section of a module or component. */
export const section = (id: number, ...content: readonly Bytes[]): Uint8Array => concat([[id], sized(...content)]);

/** Writes a custom section. */
export const customSection = (title: string, ...content: readonly Bytes[]): Uint8Array =>
  section(coreSection.custom, name(title), ...content);

/** Writes a core module of these sections. */
export const coreModule = (...sections: readonly Bytes[]): Uint8Array => concat([emptyModule, ...sections]);

/** Writes a component of these sections. */
export const component = (...sections: readonly Bytes[]): Uint8Array => concat([emptyComponent, ...sections]);
