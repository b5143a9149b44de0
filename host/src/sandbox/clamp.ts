import { fail } from '../core/fault.ts';
import { BinaryReader, type Section, sectionsOf } from '../verify/binary.ts';

const typeSection = 1;
const tableSection = 4;
const memorySection = 5;
const functionType = 0x60;
const hasMaximum = 0x01;
const pageBytes = 65_536;
/** Entries of one table. Those of real guests have a few thousand. */
const tableEntries = 100_000;

/**
 * The same core module with no memory that may grow above `limitBytes`, and no table above 100,000 entries. Nothing
 * else bounds them: a worker's `resourceLimits` does not count memory, and a table that outgrows its heap ends the
 * whole process and not the worker. Garbage-collected types live on that heap too, so a module with one is refused.
 * (Core spec § Binary Format, Type Section, Table Section and Memory Section)
 * @throws Fault `memory_over_limit`, `table_over_limit` when one starts above its limit, `feature_forbidden` for shared
 *   and 64-bit memories, tables with initial values and garbage-collected types, which no supported toolchain makes
 */
export function clamp(module: Uint8Array, limitBytes: number): Uint8Array {
  const limitPages = Math.floor(limitBytes / pageBytes);
  const parts: Uint8Array[] = [module.subarray(0, 8)];
  let end = 8;
  for (const section of sectionsOf(module)) {
    const reader = new BinaryReader(module, section.start, section.end);
    if (section.id === typeSection) refuseHeapTypes(reader);
    if (section.id === tableSection) parts.push(rewritten(section, clampedTables(reader)));
    else if (section.id === memorySection) parts.push(rewritten(section, clampedMemories(reader, limitPages)));
    else parts.push(module.subarray(end, section.end));
    end = section.end;
  }
  return Buffer.concat(parts);
}

/** Function types only. Their parameters and results are bytes or references, which are bytes and an index. */
function refuseHeapTypes(reader: BinaryReader): void {
  for (let count = reader.u32(); count > 0; count -= 1) {
    const form = reader.byte();
    if (form !== functionType) forbidden('a garbage-collected type', reader);
    for (const _ of ['parameters', 'results']) {
      for (let values = reader.u32(); values > 0; values -= 1) skipValueType(reader);
    }
  }
}

function skipValueType(reader: BinaryReader): void {
  const type = reader.byte();
  if (type === 0x63 || type === 0x64) while (reader.byte() >= 0x80);
}

function clampedTables(reader: BinaryReader): number[] {
  const count = reader.u32();
  const content = [...u32(count)];
  for (let index = 0; index < count; index += 1) {
    const start = reader.position;
    if (reader.bytes[start] === 0x40) forbidden('a table with an initial value', reader);
    skipValueType(reader);
    content.push(...reader.bytes.subarray(start, reader.position));
    const { minimum, maximum } = limits(reader, tableEntries);
    if (minimum > tableEntries) fail('table_over_limit', { needs: minimum, limit: tableEntries });
    content.push(hasMaximum, ...u32(minimum), ...u32(maximum));
  }
  return content;
}

function clampedMemories(reader: BinaryReader, limitPages: number): number[] {
  const count = reader.u32();
  const content = [...u32(count)];
  for (let index = 0; index < count; index += 1) {
    const { minimum, maximum } = limits(reader, limitPages);
    if (minimum > limitPages) {
      fail('memory_over_limit', {
        needs_mib: (minimum * pageBytes) / 2 ** 20,
        limit_mib: (limitPages * pageBytes) / 2 ** 20,
      });
    }
    content.push(hasMaximum, ...u32(minimum), ...u32(maximum));
  }
  return content;
}

/** `limits`, with a maximum that is at most `most`. */
function limits(reader: BinaryReader, most: number): { readonly minimum: number; readonly maximum: number } {
  const flags = reader.byte();
  if (flags > hasMaximum) forbidden('a shared or 64-bit memory or table', reader);
  const minimum = reader.u32();
  return { minimum, maximum: Math.min(flags === hasMaximum ? reader.u32() : most, most) };
}

function forbidden(feature: string, reader: BinaryReader): never {
  return fail('feature_forbidden', { feature, at: reader.position });
}

const rewritten = ({ id }: Section, content: readonly number[]): Uint8Array =>
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
