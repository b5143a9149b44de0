import { fail } from '../../core/fault.ts';
import { coreKind, coreSection, functionType } from '../binary-format.ts';
import { BinaryReader, sectionsOf } from '../binary-reader.ts';
import { readLimits, skipReferenceType } from '../growth-shares.ts';

/** What must be known of a module before its code and its globals are written. */
export interface ModuleShape {
  /** How many parameters each function has that is not imported. */
  readonly parameters: readonly number[];
  readonly importedGlobals: number;
}

/**
 * Reads the types, imports and functions of a module.
 * @throws Fault `feature_forbidden` for garbage-collected types, tables with initial values, and memories and tables
 *   that are shared or have 64 bits; `component_malformed`
 */
export function readShape(module: Uint8Array): ModuleShape {
  const types: number[] = [];
  const parameters: number[] = [];
  let importedGlobals = 0;
  for (const section of sectionsOf(module)) {
    const reader = new BinaryReader(module, section.start, section.end);
    if (section.id === coreSection.type) each(reader, () => types.push(readParameters(reader)));
    if (section.id === coreSection.function) each(reader, () => parameters.push(types[reader.u32()] ?? noType(reader)));
    if (section.id === coreSection.import)
      each(reader, () => {
        if (readImport(reader) === coreKind.global) importedGlobals += 1;
      });
    if (section.id === coreSection.table) each(reader, () => readTable(reader));
    if (section.id === coreSection.memory) each(reader, () => readLimits(reader));
  }
  return { parameters, importedGlobals };
}

/** Reads the count of a vector, and each element of it. */
export function each(reader: BinaryReader, read: () => void): void {
  for (let count = reader.u32(); count > 0; count -= 1) read();
}

function readParameters(reader: BinaryReader): number {
  const form = reader.byte();
  if (form !== functionType) fail('feature_forbidden', { feature: 'a garbage-collected type', at: reader.position });
  let parameters = 0;
  each(reader, () => {
    reader.skipValueType();
    parameters += 1;
  });
  each(reader, () => reader.skipValueType());
  return parameters;
}

/** Returns the kind of the import. */
function readImport(reader: BinaryReader): number {
  reader.take(reader.u32());
  reader.take(reader.u32());
  const kind = reader.byte();
  if (kind === coreKind.function) reader.u32();
  else if (kind === coreKind.table) readTable(reader);
  else if (kind === coreKind.memory) readLimits(reader);
  else if (kind === coreKind.global) {
    reader.skipValueType();
    reader.byte();
  } else if (kind === coreKind.tag) {
    reader.byte();
    reader.u32();
  } else fail('component_malformed', { what: `an import of unknown kind ${kind}`, at: reader.position });
  return kind;
}

function readTable(reader: BinaryReader): void {
  skipReferenceType(reader);
  readLimits(reader);
}

const noType = (reader: BinaryReader): never =>
  fail('component_malformed', { what: 'a function of a type that is not there', at: reader.position });
