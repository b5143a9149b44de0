import { fail } from '../core/fault.ts';
import { coreSection } from './binary-format.ts';
import { BinaryReader, sectionsOf } from './binary-reader.ts';

/** Pages of a memory, or entries of a table, as a core module declares them. */
export interface Declared {
  readonly minimum: number;
  readonly maximum?: number;
}

/** What a core module defines that can grow. */
export interface Growing {
  readonly memories: readonly Declared[];
  readonly tables: readonly Declared[];
}

/** How far each of them may grow, in the same order. */
export interface Growth {
  readonly memories: readonly number[];
  readonly tables: readonly number[];
}

/** The flag of limits that state a maximum. */
export const hasMaximum = 0x01;
const withInitialValue = 0x40;
const pageBytes = 65_536;
/** Entries of all tables of an instance. Real guests have a few thousand. */
const tableEntries = 100_000;
/** Memories of an instance: V8 reserves gigabytes of address space for each. Real guests have one, or three. */
const maximumMemories = 16;
const maximumTables = 100;

/**
 * Reads the memories and tables that a core module defines.
 * @throws Fault `component_malformed`, `feature_forbidden`
 */
export function growingIn(module: Uint8Array): Growing {
  const memories: Declared[] = [];
  const tables: Declared[] = [];
  for (const section of sectionsOf(module)) {
    if (section.id !== coreSection.table && section.id !== coreSection.memory) continue;
    const reader = new BinaryReader(module, section.start, section.end);
    for (let count = reader.u32(); count > 0; count -= 1) {
      if (section.id === coreSection.table) skipReferenceType(reader);
      (section.id === coreSection.table ? tables : memories).push(readLimits(reader));
    }
  }
  return { memories, tables };
}

/** Skips the type of a table's entries. @throws Fault `feature_forbidden` for a table with an initial value */
export function skipReferenceType(reader: BinaryReader): void {
  if (reader.peek() === withInitialValue)
    fail('feature_forbidden', { feature: 'a table with an initial value', at: reader.position });
  reader.skipValueType();
}

/** Reads `limits` of the binary format. @throws Fault `feature_forbidden` for shared and 64-bit memories and tables */
export function readLimits(reader: BinaryReader): Declared {
  const flags = reader.byte();
  if (flags > hasMaximum)
    fail('feature_forbidden', { feature: 'a shared or 64-bit memory or table', at: reader.position });
  const minimum = reader.u32();
  return flags === hasMaximum ? { minimum, maximum: reader.u32() } : { minimum };
}

/**
 * Divides what one instance of a component may use among all memories, and all tables, of all its core instances, so
 * that together they never exceed it. Each keeps what it starts with; the rest goes to those that may grow, in
 * proportion to what they start with. A memory or table that starts with nothing gets none of the rest, unless all do.
 * @param modules by name, with how often each is instantiated
 * @throws Fault `memory_over_limit`, `table_over_limit` when they start with more, `component_excessive` when there are
 *   too many
 */
export function divideGrowth(
  modules: ReadonlyMap<string, Growing & { readonly instances: number }>,
  limitBytes: number,
): ReadonlyMap<string, Growth> {
  const limitPages = Math.floor(limitBytes / pageBytes);
  const memories = divide(
    [...modules.values()].map(({ memories, instances }) => [memories, instances]),
    limitPages,
  );
  const tables = divide(
    [...modules.values()].map(({ tables, instances }) => [tables, instances]),
    tableEntries,
  );
  if (memories.count > maximumMemories)
    fail('component_excessive', { what: 'memories', found: memories.count, limit: maximumMemories });
  if (tables.count > maximumTables)
    fail('component_excessive', { what: 'tables', found: tables.count, limit: maximumTables });
  if (memories.minimum > limitPages) {
    const mib = (pages: number) => (pages * pageBytes) / 2 ** 20;
    fail('memory_over_limit', { needs_mib: mib(memories.minimum), limit_mib: mib(limitPages) });
  }
  if (tables.minimum > tableEntries) fail('table_over_limit', { needs: tables.minimum, limit: tableEntries });
  return new Map(
    [...modules.keys()].map((name, index) => [
      name,
      { memories: memories.shares[index] ?? [], tables: tables.shares[index] ?? [] },
    ]),
  );
}

interface Part extends Declared {
  readonly instances: number;
  share: number;
}

function divide(modules: readonly (readonly [readonly Declared[], number])[], limit: number) {
  // A module that is never instantiated may have everything, because it uses nothing.
  const parts = modules.map(([all, instances]) =>
    all.map((each): Part => ({ ...each, instances, share: instances === 0 ? limit : each.minimum })),
  );
  const used = parts.flat().filter(({ instances }) => instances > 0);
  const sum = (of: (part: Part) => number, from = used) =>
    from.reduce((all, part) => all + of(part) * part.instances, 0);
  const mostOf = ({ maximum = limit }: Part) => Math.min(maximum, limit);
  const minimum = sum(part => part.minimum);
  // A part that reaches its declared maximum leaves more for the others, so this repeats until none does.
  for (let open = used; open.length > 0; ) {
    const rest = limit - sum(part => part.share);
    const weigh = sum(part => part.minimum, open) > 0 ? (part: Part) => part.minimum : () => 1;
    const weights = sum(weigh, open);
    const wanted = (part: Part) => part.share + Math.floor((Math.max(0, rest) * weigh(part)) / weights);
    const full = open.filter(part => wanted(part) >= mostOf(part));
    for (const part of full.length > 0 ? full : open)
      part.share = Math.max(part.minimum, Math.min(wanted(part), mostOf(part)));
    open = full.length > 0 ? open.filter(part => !full.includes(part)) : [];
  }
  return { count: sum(() => 1), minimum, shares: parts.map(all => all.map(({ share }) => share)) };
}
