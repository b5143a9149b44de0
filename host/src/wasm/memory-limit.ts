import { fail } from '../core/fault.ts';
import { coreKind, coreSection, functionType, preambleBytes } from './binary-format.ts';
import { BinaryReader, type Section, sectionsOf } from './binary-reader.ts';
import { concat, name, section as sectionBytes, u32, vector } from './binary-writer.ts';
import { skipExternType } from './core-names.ts';
import { type Growth, hasMaximum, readLimits, skipReferenceType } from './growth-shares.ts';

/** The sections that follow the exports. */
const afterExports: ReadonlySet<number> = new Set([
  coreSection.start,
  coreSection.element,
  coreSection.code,
  coreSection.data,
  coreSection.dataCount,
]);

/**
 * Rewrites a core module so that its memories and tables cannot grow beyond `growth`. Nothing else limits them: a
 * worker's `resourceLimits` does not count memory, and a table that outgrows its heap ends the whole process and not
 * the worker. Garbage-collected types live on that heap too, so a module with one is refused. Each memory is exported,
 * so that a plugin's use can be measured. (Core spec § Binary Format, Type Section, Table Section, Memory Section and
 * Export Section)
 * @throws Fault `feature_forbidden` for shared and 64-bit memories, tables with initial values and garbage-collected
 *   types, which no supported toolchain makes
 */
export function limitGrowth(module: Uint8Array, growth: Growth): Uint8Array {
  const parts: Uint8Array[] = [module.subarray(0, preambleBytes)];
  let end = preambleBytes;
  let imported = 0;
  let hidden: readonly number[] | undefined;
  const unexported = (exports?: BinaryReader) =>
    memoriesWithoutName(
      exports,
      growth.memories.map((_, index) => imported + index),
    );
  for (const section of sectionsOf(module)) {
    const reader = new BinaryReader(module, section.start, section.end);
    if (section.id === coreSection.type) refuseHeapTypes(reader);
    if (section.id === coreSection.import) imported = importedMemories(reader);
    if (afterExports.has(section.id) && hidden === undefined) {
      hidden = unexported();
      if (hidden.length > 0) parts.push(exportsOf(new Uint8Array(), 0, hidden, new Set()));
    }
    if (section.id === coreSection.table) parts.push(withMaxima(section.id, reader, growth.tables));
    else if (section.id === coreSection.memory) parts.push(withMaxima(section.id, reader, growth.memories));
    else if (section.id === coreSection.export) {
      hidden = unexported(reader);
      parts.push(hidden.length === 0 ? module.subarray(end, section.end) : withExports(module, section, hidden));
    } else parts.push(module.subarray(end, section.end));
    end = section.end;
  }
  const last = hidden ?? unexported();
  if (hidden === undefined && last.length > 0) parts.push(exportsOf(new Uint8Array(), 0, last, new Set()));
  return concat(parts);
}

/** Accepts function types only. @throws Fault `feature_forbidden` */
function refuseHeapTypes(reader: BinaryReader): void {
  for (let count = reader.u32(); count > 0; count -= 1) {
    const form = reader.byte();
    if (form !== functionType) fail('feature_forbidden', { feature: 'a garbage-collected type', at: reader.position });
    for (const _ of ['parameters', 'results']) {
      for (let values = reader.u32(); values > 0; values -= 1) reader.skipValueType();
    }
  }
}

function importedMemories(reader: BinaryReader): number {
  let memories = 0;
  for (let count = reader.u32(); count > 0; count -= 1) {
    reader.name();
    reader.name();
    if (reader.peek() === coreKind.memory) memories += 1;
    skipExternType(reader);
  }
  return memories;
}

/** Returns the section of memories or tables with these maxima. */
function withMaxima(id: number, reader: BinaryReader, maxima: readonly number[]): Uint8Array {
  const count = reader.u32();
  const entries: Uint8Array[] = [];
  for (let index = 0; index < count; index += 1) {
    const start = reader.position;
    if (id === coreSection.table) skipReferenceType(reader);
    const type = reader.bytes.subarray(start, reader.position);
    const { minimum } = readLimits(reader);
    entries.push(type, Uint8Array.of(hasMaximum), u32(minimum), u32(maxima[index] ?? minimum));
  }
  return sectionBytes(id, vector(count, concat(entries)));
}

/** Returns those of these memories that are not exported. */
function memoriesWithoutName(exports: BinaryReader | undefined, memories: readonly number[]): readonly number[] {
  const named = new Set<number>();
  for (let count = exports?.u32() ?? 0; count > 0 && exports !== undefined; count -= 1) {
    exports.name();
    const kind = exports.byte();
    const index = exports.u32();
    if (kind === coreKind.memory) named.add(index);
  }
  return memories.filter(index => !named.has(index));
}

/** Returns the export section with these memories added, under names that are not used in it. */
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
    let own = `memory ${index}`;
    while (names.has(own)) own += "'";
    return [name(own), Uint8Array.of(coreKind.memory), u32(index)];
  });
  return sectionBytes(coreSection.export, vector(count + memories.length, concat([entries, ...added])));
}
