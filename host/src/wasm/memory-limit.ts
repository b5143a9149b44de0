import { fail } from '../core/fault.ts';
import { BinaryReader, type Section, sectionsOf } from './binary-reader.ts';
import { skipExternType } from './core-names.ts';
import { type Growth, readLimits, skipReferenceType } from './growth-limit.ts';

const typeSection = 1;
const importSection = 2;
const tableSection = 4;
const memorySection = 5;
const exportSection = 7;
/** Start, elements, code, data, data count: what follows the exports. */
const behindExports = new Set([8, 9, 10, 11, 12]);
const functionType = 0x60;
const hasMaximum = 0x01;
const memoryKind = 0x02;

/**
 * The same core module whose memories and tables grow as far as `growth` says, and no further. Nothing else bounds
 * them: a worker's `resourceLimits` does not count memory, and a table that outgrows its heap ends the whole process
 * and not the worker. Garbage-collected types live on that heap too, so a module with one is refused. Each memory is
 * exported, so that what a plugin uses can be counted.
 * (Core spec § Binary Format, Type Section, Table Section, Memory Section and Export Section)
 * @throws Fault `feature_forbidden` for shared and 64-bit memories, tables with initial values and garbage-collected
 *   types, which no supported toolchain makes
 */
export function clamp(module: Uint8Array, growth: Growth): Uint8Array {
  const parts: Uint8Array[] = [module.subarray(0, 8)];
  let end = 8;
  let imported = 0;
  let hidden: readonly number[] | undefined;
  const unexported = (exports?: BinaryReader) =>
    memoriesWithoutName(
      exports,
      growth.memories.map((_, index) => imported + index),
    );
  for (const section of sectionsOf(module)) {
    const reader = new BinaryReader(module, section.start, section.end);
    if (section.id === typeSection) refuseHeapTypes(reader);
    if (section.id === importSection) imported = importedMemories(reader);
    if (behindExports.has(section.id) && hidden === undefined) {
      hidden = unexported();
      if (hidden.length > 0) parts.push(exportsOf(new Uint8Array(), 0, hidden, new Set()));
    }
    if (section.id === tableSection) parts.push(rewritten(section.id, clamped(reader, growth.tables, true)));
    else if (section.id === memorySection) parts.push(rewritten(section.id, clamped(reader, growth.memories, false)));
    else if (section.id === exportSection) {
      hidden = unexported(reader);
      parts.push(hidden.length === 0 ? module.subarray(end, section.end) : withExports(module, section, hidden));
    } else parts.push(module.subarray(end, section.end));
    end = section.end;
  }
  const last = hidden ?? unexported();
  if (hidden === undefined && last.length > 0) parts.push(exportsOf(new Uint8Array(), 0, last, new Set()));
  return Buffer.concat(parts);
}

/** Function types only. Their parameters and results are bytes or references, which are bytes and an index. */
function refuseHeapTypes(reader: BinaryReader): void {
  for (let count = reader.u32(); count > 0; count -= 1) {
    const form = reader.byte();
    if (form !== functionType) fail('feature_forbidden', { feature: 'a garbage-collected type', at: reader.position });
    for (const _ of ['parameters', 'results']) {
      for (let values = reader.u32(); values > 0; values -= 1) skipValueType(reader);
    }
  }
}

function skipValueType(reader: BinaryReader): void {
  const type = reader.byte();
  if (type === 0x63 || type === 0x64) while (reader.byte() >= 0x80);
}

function importedMemories(reader: BinaryReader): number {
  let memories = 0;
  for (let count = reader.u32(); count > 0; count -= 1) {
    reader.name();
    reader.name();
    if (reader.bytes[reader.position] === memoryKind) memories += 1;
    skipExternType(reader);
  }
  return memories;
}

/** A section of memories or tables, with these maxima. */
function clamped(reader: BinaryReader, maxima: readonly number[], isTable: boolean): number[] {
  const count = reader.u32();
  const content = [...u32(count)];
  for (let index = 0; index < count; index += 1) {
    const start = reader.position;
    if (isTable) skipReferenceType(reader);
    content.push(...reader.bytes.subarray(start, reader.position));
    const { minimum } = readLimits(reader);
    content.push(hasMaximum, ...u32(minimum), ...u32(maxima[index] ?? minimum));
  }
  return content;
}

/** Which of these memories have no export. */
function memoriesWithoutName(exports: BinaryReader | undefined, memories: readonly number[]): readonly number[] {
  const named = new Set<number>();
  for (let count = exports?.u32() ?? 0; count > 0 && exports !== undefined; count -= 1) {
    exports.name();
    const kind = exports.byte();
    const index = exports.u32();
    if (kind === memoryKind) named.add(index);
  }
  return memories.filter(index => !named.has(index));
}

/** The export section with these memories besides, under names that it does not have. */
function withExports(module: Uint8Array, { start, end }: Section, memories: readonly number[]): Uint8Array {
  const reader = new BinaryReader(module, start, end);
  const count = reader.u32();
  const entries = reader.position;
  const names = new Set<string>();
  for (let rest = count; rest > 0; rest -= 1) {
    names.add(reader.name());
    reader.byte();
    reader.u32();
  }
  return exportsOf(module.subarray(entries, end), count, memories, names);
}

function exportsOf(
  entries: Uint8Array,
  count: number,
  memories: readonly number[],
  names: ReadonlySet<string>,
): Uint8Array {
  const added = memories.flatMap(index => {
    let name = `memory ${index}`;
    while (names.has(name)) name += "'";
    const bytes = Buffer.from(name);
    return [...u32(bytes.length), ...bytes, memoryKind, ...u32(index)];
  });
  const content = Buffer.concat([Uint8Array.from(u32(count + memories.length)), entries, Uint8Array.from(added)]);
  return Buffer.concat([Uint8Array.of(exportSection), Uint8Array.from(u32(content.length)), content]);
}

const rewritten = (id: number, content: readonly number[]): Uint8Array =>
  Uint8Array.from([id, ...u32(content.length), ...content]);

/** Unsigned LEB128. */
function* u32(value: number): Generator<number> {
  let rest = value >>> 0;
  while (rest >= 0x80) {
    yield (rest & 0x7f) | 0x80;
    rest >>>= 7;
  }
  yield rest;
}
