import { fail } from '../../core/fault.ts';
import { coreKind, coreSection, formatOf, preambleBytes } from '../binary-format.ts';
import { BinaryReader, sectionsOf } from '../binary-reader.ts';
import {
  type Bytes,
  concat,
  customSection,
  name,
  section as sectionBytes,
  sized,
  u32,
  vector,
} from '../binary-writer.ts';
import { type Counter, chargedFunction } from './charged-function.ts';
import { globalUses } from './global-uses.ts';
import { each, type ModuleShape, readShape } from './module-shape.ts';

/** Raise it when the rewriting or a cost changes: what older rules made is then made again. */
export const fuelRules = 1;

/**
 * The global that counts fuel, among the imports of each module. No guest has the name: checkCoreNames refuses names
 * with quotes.
 */
export const fuelImport = { module: '"sallyport"', name: '"fuel"' } as const;

const i64Type = 0x7e;
const mutable = 0x01;

/**
 * Rewrites a core module so that it uses fuel: a mutable i64 that it imports as `fuelImport`. The host sets it before a
 * call and reads it afterwards. When it is used up, the code traps, and the global is below zero. A guest cannot reach
 * it: the indices of the module's own globals move around it, and an invalid module stays invalid.
 *
 * The modules of a component share one global: the code that instantiates them for the glue, and makes the global with
 * the instance, adds it to the imports of each. It is imported and not exported for that, and because start functions
 * are charged then. It is an i64 because V8 takes no longer for an imported i64 than for an i32 or a global that the
 * module defines, and longer for an f64 or a pair of i32.
 *
 * Custom sections are left out, except for the names of functions: they speak of offsets that are no longer right.
 * (Core spec § Binary Format, Modules)
 * @throws Fault `feature_forbidden` for instructions and types that are not known here, and memories and tables without
 *   limits; `component_malformed`
 */
export function injectFuel(module: Uint8Array): Uint8Array {
  if (formatOf(module) !== 'module') fail('component_malformed', { what: 'a core module has a wrong preamble', at: 0 });
  const shape = readShape(module);
  const index = shape.importedGlobals;
  const counter: Counter = { index, moved: global => (global < index ? global : global + 1) };
  const parts: Uint8Array[] = [module.subarray(0, preambleBytes)];
  let isImported = false;
  const importCounter = (imports: BinaryReader) => {
    parts.push(withCounter(imports));
    isImported = true;
  };
  for (const { id, start, end } of sectionsOf(module)) {
    const reader = new BinaryReader(module, start, end);
    if (id === coreSection.custom) parts.push(functionNames(reader));
    else if (id === coreSection.import) {
      if (isImported) fail('component_malformed', { what: 'imports behind other sections', at: start });
      importCounter(reader);
    } else {
      if (id !== coreSection.type && !isImported) importCounter(noImports());
      parts.push(
        sectionBytes(id, id === coreSection.code ? chargedCode(reader, shape, counter) : moved(id, reader, counter)),
      );
    }
  }
  if (!isImported) importCounter(noImports());
  return concat(parts);
}

/** Where there is no import section. */
const noImports = () => new BinaryReader(vector(0));

function withCounter(imports: BinaryReader): Uint8Array {
  const count = imports.u32() + 1;
  const before = imports.bytes.subarray(imports.position, imports.end);
  const added = [name(fuelImport.module), name(fuelImport.name), [coreKind.global, i64Type, mutable]];
  return sectionBytes(coreSection.import, vector(count, concat([before, ...added])));
}

/** The content of a section, with the indices of globals in it as they are now. */
function moved(id: number, reader: BinaryReader, counter: Counter): Uint8Array {
  const usesIn = globalUses.get(id);
  const parts: Bytes[] = [];
  let from = reader.position;
  if (usesIn !== undefined) {
    each(reader, () => {
      for (const { start, end, global } of usesIn(reader)) {
        parts.push(reader.bytes.subarray(from, start), u32(counter.moved(global)));
        from = end;
      }
    });
  }
  return concat([...parts, reader.bytes.subarray(from, reader.end)]);
}

function chargedCode(reader: BinaryReader, { parameters }: ModuleShape, counter: Counter): Uint8Array {
  const bodies: Uint8Array[] = [];
  each(reader, () => {
    const size = reader.u32();
    const start = reader.position;
    reader.take(size);
    const taken = parameters[bodies.length] ?? fail('component_malformed', { what: 'code of no function', at: start });
    bodies.push(sized(chargedFunction(new BinaryReader(reader.bytes, start, start + size), taken, counter)));
  });
  return vector(bodies.length, concat(bodies));
}

const namesOfFunctions = 1;

/** A name section with nothing but the names of functions; nothing for another custom section. */
function functionNames(section: BinaryReader): Uint8Array {
  if (section.name() !== 'name') return new Uint8Array();
  while (!section.done) {
    const { position } = section;
    const id = section.byte();
    section.take(section.u32());
    if (id === namesOfFunctions) return customSection('name', section.bytes.subarray(position, section.position));
  }
  return new Uint8Array();
}
