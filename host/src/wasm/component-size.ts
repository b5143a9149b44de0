import { fail } from '../core/fault.ts';
import { coreSection, functionType } from './binary-format.ts';
import { BinaryReader, type Section, sectionsOf } from './binary-reader.ts';
import { coreModulesOf } from './core-modules.ts';

/**
 * The size limits of a component. Toolchains stay an order of magnitude below them. Nothing else limits the time and
 * memory that compiling takes, because V8 cannot be interrupted.
 */
export const sizeLimits = {
  /** Bytes of code in all core modules. */
  codeBytes: 32 * 2 ** 20,
  /** Functions in all core modules. */
  functions: 100_000,
  /** Bytes of one function. */
  functionBytes: 2 ** 20,
  /** Bytes of one function, times its locals: V8 takes time and memory in proportion to that, at each branch. */
  functionWeight: 30_000_000,
  /** Parameters, and results, of one function type. */
  arity: 64,
  /** Imports and exports in all core modules. */
  names: 100_000,
  /** Bytes of JavaScript that are generated for the component. */
  glueBytes: 4 * 2 ** 20,
} as const;

/**
 * Refuses a component that exceeds a size limit, before work on it begins that cannot be stopped. (Core spec § Binary
 * Format, Type, Import, Export and Code Section)
 * @throws Fault `component_excessive`, `component_malformed`, `component_core_module`
 */
export function checkSize(bytes: Uint8Array): void {
  const total = { codeBytes: 0, functions: 0, names: 0 };
  const add = (what: keyof typeof total, amount: number, at: number) => {
    total[what] += amount;
    requireWithin(what, total[what], at);
  };
  for (const module of coreModulesOf(bytes)) {
    for (const section of sectionsOf(bytes, module.start, module.end)) {
      const reader = new BinaryReader(bytes, section.start, section.end);
      if (section.id === coreSection.type) checkTypes(reader);
      if (section.id === coreSection.import || section.id === coreSection.export)
        add('names', reader.u32(), section.start);
      if (section.id === coreSection.code) {
        add('codeBytes', section.end - section.start, section.start);
        add('functions', reader.u32(), section.start);
        checkFunctions(bytes, section, reader);
      }
    }
  }
}

function checkTypes(reader: BinaryReader): void {
  for (let count = reader.u32(); count > 0; count -= 1) {
    // Types that are not functions are refused when growth is limited.
    if (reader.byte() !== functionType) return;
    for (const _ of ['parameters', 'results']) {
      const values = reader.u32();
      requireWithin('arity', values, reader.position);
      for (let rest = values; rest > 0; rest -= 1) reader.skipValueType();
    }
  }
}

function checkFunctions(bytes: Uint8Array, { end }: Section, reader: BinaryReader): void {
  while (!reader.done) {
    const size = reader.u32();
    const start = reader.position;
    requireWithin('functionBytes', size, start);
    reader.take(size);
    const body = new BinaryReader(bytes, start, Math.min(start + size, end));
    let locals = 0;
    for (let groups = body.u32(); groups > 0; groups -= 1) {
      locals += body.u32();
      body.skipValueType();
    }
    requireWithin('functionWeight', size * locals, start);
  }
}

/** Checks one amount against its limit. @throws Fault `component_excessive` */
export function requireWithin(what: keyof typeof sizeLimits, found: number, at: number): void {
  const limit = sizeLimits[what];
  if (found > limit) fail('component_excessive', { what, found, limit, at });
}
