import { fail } from '../core/fault.ts';
import { BinaryReader, type Section, sectionsOf } from './binary-reader.ts';
import { type CoreModuleRange, coreModulesOf } from './core-modules.ts';

const importSection = 2;
const exportSection = 7;

/**
 * Refuses a component in whose core modules an import or export has a name that could break out of the JavaScript
 * that jco generates: jco writes these names into its glue without escaping them. The toolchains of Rust, Go, Python
 * and JavaScript never make such names.
 * @throws Fault `name_forbidden`, `component_malformed`, `component_core_module`
 */
export function checkCoreNames(bytes: Uint8Array): void {
  for (const module of coreModulesOf(bytes)) {
    for (const section of sectionsOf(bytes, module.start, module.end)) {
      for (const { position, name } of namesOf(bytes, section)) {
        const reason = whyForbidden(name);
        if (reason !== undefined)
          fail('name_forbidden', { position, name: JSON.stringify(name.slice(0, 200)), reason, ...at(module) });
      }
    }
  }
}

const breaksOut: readonly (readonly [RegExp, string])[] = [
  [/^.{1001}/s, 'it is longer than 1000 characters'],
  [/[^\x20-\x7e]/, 'it is not printable ASCII'],
  [/['"`]/, 'it has a quote'],
  [/\\/, 'it has a backslash'],
  [/\$\{/, 'it opens a template expression'],
  [/\/[/*]|\*\/|<!--|-->/, 'it has a comment delimiter'],
  [/^(__proto__|constructor|prototype)$/, 'it is a property of the object prototype'],
];

/** Why a core import or export name is refused, or undefined when it is harmless. */
export function whyForbidden(name: string): string | undefined {
  return breaksOut.find(([pattern]) => pattern.test(name))?.[1];
}

interface CoreName {
  readonly position: 'module name of an import' | 'import' | 'export';
  readonly name: string;
}

/** (Core spec § Binary Format, Import Section and Export Section) */
function* namesOf(bytes: Uint8Array, section: Section): Generator<CoreName> {
  if (section.id !== importSection && section.id !== exportSection) return;
  const reader = new BinaryReader(bytes, section.start, section.end);
  for (let count = reader.u32(); count > 0; count -= 1) {
    if (section.id === importSection) {
      yield { position: 'module name of an import', name: reader.name() };
      yield { position: 'import', name: reader.name() };
      skipExternType(reader);
    } else {
      yield { position: 'export', name: reader.name() };
      reader.byte();
      reader.u32();
    }
  }
  if (!reader.done)
    fail('component_malformed', { what: 'bytes after the last entry of a section', at: reader.position });
}

/** The type of an import, from its kind on. @throws Fault `component_malformed` */
export function skipExternType(reader: BinaryReader): void {
  const kind = reader.byte();
  if (kind > 0x04) fail('component_malformed', { what: `an import of unknown kind ${kind}`, at: reader.position });
  if (kind === 0x01 || kind === 0x03) skipReferenceType(reader);
  if (kind === 0x01 || kind === 0x02) skipLimits(reader);
  if (kind === 0x03 || kind === 0x04) reader.byte();
  if (kind === 0x00 || kind === 0x04) reader.u32();
}

/** A value type: one byte, or `(ref null? heaptype)` as a prefix and an index. */
function skipReferenceType(reader: BinaryReader): void {
  const type = reader.byte();
  if (type !== 0x63 && type !== 0x64) return;
  while (reader.byte() >= 0x80);
}

function skipLimits(reader: BinaryReader): void {
  const flags = reader.byte();
  skipInteger(reader);
  if ((flags & 0x01) !== 0) skipInteger(reader);
}

/** Limits of 64-bit memories have up to ten bytes. */
function skipInteger(reader: BinaryReader): void {
  for (let bytes = 0; bytes < 10; bytes += 1) if (reader.byte() < 0x80) return;
  fail('component_malformed', { what: 'a number of more than 64 bits', at: reader.position });
}

const at = (module: CoreModuleRange) => ({ module_at: module.start });
