import { fail } from '../core/fault.ts';
import { coreKind, coreSection } from './binary-format.ts';
import { BinaryReader, type Section, sectionsOf } from './binary-reader.ts';
import { type CoreModuleRange, coreModulesOf } from './core-modules.ts';
import { hasMaximum } from './growth-shares.ts';

/**
 * Refuses a component in whose core modules an import or export has a name that could break out of the JavaScript
 * that jco generates: jco writes these names into its glue without escaping them. The toolchains of Rust, Go, Python
 * and JavaScript never produce such names.
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

/** Returns why a core import or export name is refused, or undefined if it is safe. */
export function whyForbidden(name: string): string | undefined {
  return breaksOut.find(([pattern]) => pattern.test(name))?.[1];
}

interface CoreName {
  readonly position: 'module name of an import' | 'import' | 'export';
  readonly name: string;
}

/** Reads the names of an import or export section. (Core spec § Binary Format, Import Section and Export Section) */
function* namesOf(bytes: Uint8Array, section: Section): Generator<CoreName> {
  if (section.id !== coreSection.import && section.id !== coreSection.export) return;
  const reader = new BinaryReader(bytes, section.start, section.end);
  for (let count = reader.u32(); count > 0; count -= 1) {
    if (section.id === coreSection.import) {
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

/** Skips the type of an import, from its kind on. @throws Fault `component_malformed` */
export function skipExternType(reader: BinaryReader): void {
  const kind = reader.byte();
  if (kind > coreKind.tag)
    fail('component_malformed', { what: `an import of unknown kind ${kind}`, at: reader.position });
  if (kind === coreKind.table || kind === coreKind.global) reader.skipValueType();
  if (kind === coreKind.table || kind === coreKind.memory) skipLimits(reader);
  if (kind === coreKind.global || kind === coreKind.tag) reader.byte();
  if (kind === coreKind.function || kind === coreKind.tag) reader.u32();
}

/** Skips limits, which have up to 64 bits. */
function skipLimits(reader: BinaryReader): void {
  const flags = reader.byte();
  reader.skipInteger();
  if ((flags & hasMaximum) !== 0) reader.skipInteger();
}

const at = (module: CoreModuleRange) => ({ module_at: module.start });
