import { fail } from '../core/fault.ts';
import { BinaryReader, type Section, sectionsOf } from '../verify/binary.ts';

const memorySection = 5;
const pageBytes = 65_536;
const hasMaximum = 0x01;

/**
 * The same core module with no memory that may grow above `limitBytes`. A worker's `resourceLimits` does not bound
 * WebAssembly memory; the maximum in the module does. (Core spec § Binary Format, Memory Section)
 * @throws Fault `memory_over_limit` when a memory starts above the limit, `component_malformed` for shared and 64-bit
 *   memories, which no supported toolchain makes
 */
export function clampMemory(module: Uint8Array, limitBytes: number): Uint8Array {
  const limitPages = Math.floor(limitBytes / pageBytes);
  for (const section of sectionsOf(module)) {
    if (section.id === memorySection) return replaceSection(module, section, clamped(module, section, limitPages));
  }
  return module;
}

function clamped(module: Uint8Array, section: Section, limitPages: number): number[] {
  const reader = new BinaryReader(module, section.start, section.end);
  const count = reader.u32();
  const content = [...u32(count)];
  for (let index = 0; index < count; index += 1) {
    const flags = reader.byte();
    if (flags > hasMaximum) fail('component_malformed', { what: 'a shared or 64-bit memory', at: reader.position });
    const minimum = reader.u32();
    const maximum = flags === hasMaximum ? reader.u32() : limitPages;
    if (minimum > limitPages) {
      fail('memory_over_limit', {
        needs_mib: (minimum * pageBytes) / 2 ** 20,
        limit_mib: (limitPages * pageBytes) / 2 ** 20,
      });
    }
    content.push(hasMaximum, ...u32(minimum), ...u32(Math.min(maximum, limitPages)));
  }
  return content;
}

function replaceSection(module: Uint8Array, section: Section, content: readonly number[]): Uint8Array {
  const header = sectionHeaderStart(module, section);
  return Buffer.concat([
    module.subarray(0, header),
    Uint8Array.from([memorySection, ...u32(content.length), ...content]),
    module.subarray(section.end),
  ]);
}

/** A section's id and size stand before its content; the size may be a padded LEB128, so it is found by walking. */
function sectionHeaderStart(module: Uint8Array, section: Section): number {
  let previousEnd = 8;
  for (const other of sectionsOf(module)) {
    if (other.start === section.start) return previousEnd;
    previousEnd = other.end;
  }
  return previousEnd;
}

/** Unsigned LEB128. */
function* u32(value: number): Generator<number> {
  let rest = value >>> 0;
  while (rest >= 0x80) {
    yield (rest & 0x7f) | 0x80;
    rest >>>= 7;
  }
  yield rest;
}
