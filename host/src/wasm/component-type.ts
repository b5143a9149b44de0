import { interfaceOf } from '../contract/interface-name.ts';
import { fail } from '../core/fault.ts';
import { componentSection } from './binary-format.ts';
import { BinaryReader, sectionsOf } from './binary-reader.ts';
import { externName } from './component-info.ts';
import {
  type Budget,
  type Exports,
  type Item,
  malformed,
  maximumNesting,
  maximumSteps,
  Scope,
  sortAt,
} from './type-scope.ts';

/** What a component imports and exports, with its types. */
export interface ComponentTypes {
  readonly imports: Exports;
  readonly exports: Exports;
}

/**
 * Reads the types of everything that a component imports and exports from its own sections. It follows aliases, `use`,
 * instances and nested components to where a type is defined. It refuses what it does not know, because the guest's
 * values could not be predicted.
 * (Component Model § Binary)
 * @throws Fault `component_malformed`, `component_excessive`, `feature_forbidden`
 */
export function componentTypes(bytes: Uint8Array): ComponentTypes {
  const imports = new Map<string, Item>();
  const root = new ComponentScope({ left: maximumSteps, depth: 0 }, bytes, undefined, (name, described) => {
    const item = described();
    imports.set(name, item);
    return item;
  });
  return { imports, exports: root.read(0, bytes.length) };
}

/** A component that is read, or an instance of one that is nested in it. */
class ComponentScope extends Scope {
  readonly #bytes: Uint8Array;
  readonly #import: (name: string, described: () => Item) => Item;
  readonly #exports = new Map<string, Item>();

  constructor(
    budget: Budget,
    bytes: Uint8Array,
    outer: Scope | undefined,
    resolve: (name: string, described: () => Item) => Item,
  ) {
    super(budget, outer);
    this.#bytes = bytes;
    this.#import = resolve;
  }

  read(start: number, end: number): Exports {
    for (const section of sectionsOf(this.#bytes, start, end)) {
      this.step();
      const reader = new BinaryReader(this.#bytes, section.start, section.end);
      const read = this.#readers[section.id];
      if (section.id === componentSection.component) this.#nested(section.start, section.end);
      else if (read !== undefined) {
        this.each(reader, () => read(reader));
        if (!reader.done) malformed('bytes after the last entry of a section', reader);
      } else if (!coreSections.has(section.id)) {
        fail('feature_forbidden', { feature: `a section of kind ${section.id}`, at: section.start });
      }
    }
    return this.#exports;
  }

  readonly #readers: Readonly<Record<number, (reader: BinaryReader) => void>> = {
    [componentSection.instance]: reader => this.#instance(reader),
    [componentSection.alias]: reader => this.alias(reader),
    [componentSection.type]: reader => this.define(reader),
    [componentSection.canonicalFunction]: reader => this.#canonical(reader),
    [componentSection.import]: reader => this.#importOne(reader),
    [componentSection.export]: reader => this.#exportOne(reader),
  };

  #nested(start: number, end: number): void {
    const open = (given: Exports): Exports => {
      const take = (name: string): Item =>
        given.get(name) ?? fail('component_malformed', { what: `a nested component is not given ${name}` });
      const { budget } = this;
      budget.depth += 1;
      if (budget.depth > maximumNesting)
        fail('component_excessive', { what: 'nested instances', limit: maximumNesting });
      const exports = new ComponentScope(budget, this.#bytes, this, take).read(start, end);
      budget.depth -= 1;
      return exports;
    };
    this.add('component', { is: 'component', open });
  }

  #instance(reader: BinaryReader): void {
    const kind = reader.byte();
    const component = kind === 0x00 ? this.at('component', reader.u32()) : undefined;
    const given = new Map<string, Item>();
    this.each(reader, () => {
      const name = kind === 0x00 ? reader.name() : externName(reader);
      const sort = sortAt(reader);
      const index = reader.u32();
      given.set(name, this.at(sort, index));
    });
    const exports = component?.is === 'component' ? component.open(given) : given;
    this.add('instance', { is: 'instance', exports });
  }

  /** Reads how functions of core WebAssembly become functions of the component, and the reverse. */
  #canonical(reader: BinaryReader): void {
    const kind = reader.byte();
    if (kind === 0x00 || kind === 0x01) {
      reader.byte();
      reader.u32();
      this.each(reader, () => {
        const option = reader.byte();
        if (option > 0x07) fail('feature_forbidden', { feature: `a canonical option of kind ${option}` });
        if (option >= 0x03 && option !== 0x06) reader.u32();
      });
      if (kind === 0x01) return;
      const type = this.at('type', reader.u32());
      if (type.is === 'function type') this.add('function', { is: 'function', type: type.type });
      else malformed(`a function is lifted to ${type.is}`, reader);
    } else if (kind <= 0x04) reader.u32();
    else fail('feature_forbidden', { feature: `a canonical function of kind 0x${kind.toString(16)}` });
  }

  #importOne(reader: BinaryReader): void {
    const name = externName(reader);
    const { sort, item } = this.described(reader, interfaceOf(name));
    if (item !== undefined) this.add(sort, this.#import(name, item));
  }

  #exportOne(reader: BinaryReader): void {
    const name = externName(reader);
    const sort = sortAt(reader);
    const index = reader.u32();
    const hasType = reader.byte() === 0x01;
    const ascribed = hasType ? this.described(reader, interfaceOf(name)).item : undefined;
    if (sort === 'core') return;
    const own = this.at(sort, index);
    // An export may be ascribed as any resource, but it is still this one.
    const item = own.is === 'resource' ? own : (ascribed?.() ?? own);
    this.#exports.set(name, item);
    this.add(sort, item);
  }
}

/** Sections that say nothing about the component's types. */
const coreSections: ReadonlySet<number> = new Set([
  componentSection.custom,
  componentSection.coreModule,
  componentSection.coreInstance,
  componentSection.coreType,
]);
