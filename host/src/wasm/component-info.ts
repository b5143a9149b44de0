import { fail } from '../core/fault.ts';
import { componentSection } from './binary-format.ts';
import { BinaryReader, type Section, sectionsOf } from './binary-reader.ts';

/** What a component imports and exports: full names with versions, such as `sallyport:plugin/log@0.1.0`. */
export interface ComponentInfo {
  readonly imports: readonly string[];
  readonly exports: readonly string[];
}

/**
 * Reads the imports and exports of a component from its own sections, and not from a description of it.
 * (Component Model § Binary, Import and Export Definitions)
 * @throws Fault `component_malformed`
 */
export function componentInfo(bytes: Uint8Array): ComponentInfo {
  const imports: string[] = [];
  const exports: string[] = [];
  for (const section of sectionsOf(bytes)) {
    if (section.id === componentSection.import) imports.push(...readNames(bytes, section, skipExternDescription));
    if (section.id === componentSection.export) exports.push(...readNames(bytes, section, skipExport));
  }
  return { imports, exports };
}

function* readNames(bytes: Uint8Array, section: Section, skipRest: (reader: BinaryReader) => void): Generator<string> {
  const reader = new BinaryReader(bytes, section.start, section.end);
  for (let count = reader.u32(); count > 0; count -= 1) {
    yield externName(reader);
    skipRest(reader);
  }
  if (!reader.done)
    fail('component_malformed', { what: 'bytes after the last entry of a section', at: reader.position });
}

/** Reads `importname'` or `exportname'`: 0x00 name, 0x01 name (older tools), 0x02 name and version suffix. */
export function externName(reader: BinaryReader): string {
  const kind = reader.byte();
  if (kind > 0x02) return fail('component_malformed', { what: `a name of unknown kind ${kind}`, at: reader.position });
  const name = reader.name();
  return kind === 0x02 ? `${name}${reader.name()}` : name;
}

/** Skips `externdesc`: a sort, then an index, except for a type that is bound by `sub resource` (0x03 0x01). */
function skipExternDescription(reader: BinaryReader): void {
  const sort = reader.byte();
  if (sort > 0x05) fail('component_malformed', { what: `an extern of unknown sort ${sort}`, at: reader.position });
  if (sort === 0x00) reader.byte();
  const bound = sort === 0x02 || sort === 0x03 ? reader.byte() : undefined;
  if (sort === 0x03 && bound === 0x01) return;
  reader.u32();
}

/** Skips `export`: sort and index, then an optional ascribed type. */
function skipExport(reader: BinaryReader): void {
  if (reader.byte() === 0x00) reader.byte();
  reader.u32();
  if (reader.byte() === 0x01) skipExternDescription(reader);
}
