import type { ContractFunction, ContractType } from '../contract/value-type.ts';
import { fail } from '../core/fault.ts';
import { BinaryReader } from './binary-reader.ts';
import { externName } from './component-info.ts';

/** What a component imports or exports, or has in one of its index spaces. */
export type Item =
  | { readonly is: 'function'; readonly type: ContractFunction }
  | { readonly is: 'value type'; readonly type: ContractType }
  | { readonly is: 'function type'; readonly type: ContractFunction }
  | { readonly is: 'resource'; readonly name: string }
  | { readonly is: 'instance'; readonly exports: Exports }
  /** Not instantiated yet: its resources belong to the import or export that has this type. */
  | { readonly is: 'instance type'; open(name: string): Exports }
  | { readonly is: 'component'; open(given: Exports): Exports }
  | { readonly is: 'component type' };

export type Exports = ReadonlyMap<string, Item>;

/**
 * The maximum of definitions read, each counted as often as it is instantiated. Real components have a few thousand.
 */
export const maximumSteps = 1_000_000;
export const maximumNesting = 100;

/** How much may still be read, shared by all scopes of one component. */
export interface Budget {
  left: number;
  /** The current nesting of instances, which is limited because a component that is given itself never ends. */
  depth: number;
}

/** `sort` of the binary format, and the index space that it names. */
const sorts = ['core', 'function', 'value', 'type', 'component', 'instance'] as const;
type Sort = (typeof sorts)[number];

/** The index spaces of a component, or of the type of one, without those of core WebAssembly. */
export class Scope {
  readonly budget: Budget;
  readonly outer: Scope | undefined;
  readonly depth: number;
  readonly #spaces: Readonly<Record<Exclude<Sort, 'core' | 'value'>, Item[]>> = {
    function: [],
    type: [],
    component: [],
    instance: [],
  };

  constructor(budget: Budget, outer: Scope | undefined) {
    this.budget = budget;
    this.outer = outer;
    this.depth = outer === undefined ? 0 : outer.depth + 1;
    if (this.depth > maximumNesting) fail('component_excessive', { what: 'nested types', limit: maximumNesting });
  }

  add(sort: Sort, item: Item): void {
    if (sort !== 'core' && sort !== 'value') this.#spaces[sort].push(item);
  }

  at(sort: Sort, index: number): Item {
    if (sort === 'core') return fail('feature_forbidden', { feature: 'a core module that is passed on' });
    if (sort === 'value') return fail('feature_forbidden', { feature: 'a component value' });
    const item = this.#spaces[sort][index];
    return item ?? fail('component_malformed', { what: `there is no ${sort} ${index}` });
  }

  /** Returns the scope that is this many levels further out. */
  above(levels: number): Scope {
    let scope: Scope = this;
    for (let level = 0; level < levels; level += 1) {
      scope = scope.outer ?? fail('component_malformed', { what: 'an alias leads out of the component' });
    }
    return scope;
  }

  /** Reads the number of entries, and each entry. */
  each(reader: BinaryReader, read: () => void): void {
    for (let count = reader.u32(); count > 0; count -= 1) {
      this.step();
      read();
    }
  }

  step(): void {
    this.budget.left -= 1;
    if (this.budget.left < 0) fail('component_excessive', { what: 'definitions of types', limit: maximumSteps });
  }

  /** Reads `externdesc`: the type of an import, or the one ascribed to an export. Its resources belong to `name`. */
  described(reader: BinaryReader, name: string): { readonly sort: Sort; readonly item: (() => Item) | undefined } {
    const sort = sortAt(reader);
    if (sort === 'core') {
      reader.u32();
      return { sort, item: undefined };
    }
    if (sort === 'value') return fail('feature_forbidden', { feature: 'a component value' });
    if (sort === 'type') {
      const bound = reader.byte();
      if (bound === 0x01) return { sort, item: () => ({ is: 'resource', name }) };
      const index = reader.u32();
      return { sort, item: () => this.at('type', index) };
    }
    const index = reader.u32();
    const item = (): Item => {
      const type = this.at('type', index);
      if (sort === 'function' && type.is === 'function type') return { is: 'function', type: type.type };
      if (sort === 'instance' && type.is === 'instance type') return { is: 'instance', exports: type.open(name) };
      if (sort === 'component' && type.is === 'component type') return { is: 'component', open: imported };
      return fail('component_malformed', { what: `${sort} ${name} has ${type.is} ${index}` });
    };
    return { sort, item };
  }

  alias(reader: BinaryReader): void {
    const sort = sortAt(reader);
    const target = reader.byte();
    if (target === 0x00) {
      const instance = this.at('instance', reader.u32());
      const name = reader.name();
      const item = instance.is === 'instance' ? instance.exports.get(name) : undefined;
      if (sort === 'core') return;
      this.add(sort, item ?? fail('component_malformed', { what: `an instance does not export ${name}` }));
    } else if (target === 0x01) {
      reader.u32();
      reader.name();
    } else if (target === 0x02) {
      const scope = this.above(reader.u32());
      const index = reader.u32();
      if (sort !== 'core') this.add(sort, scope.at(sort, index));
    } else malformed(`an alias of unknown kind ${target}`, reader);
  }

  /** Reads one entry of a type section, or of the declarations of a type. */
  define(reader: BinaryReader): void {
    this.add('type', this.#definition(reader));
  }

  #definition(reader: BinaryReader): Item {
    const code = reader.byte();
    const primitive = primitives[code];
    if (primitive !== undefined) return { is: 'value type', type: primitive };
    const value = (type: ContractType): Item => ({ is: 'value type', type });
    switch (code) {
      case 0x72:
        return value({ record: this.#list(reader, () => [reader.name(), this.#value(reader)]) });
      case 0x71:
        return value({ variant: this.#list(reader, () => this.#case(reader)) });
      case 0x70:
        return value({ list: this.#value(reader) });
      case 0x67:
        return value({ list: this.#value(reader), length: reader.u32() });
      case 0x6f:
        return value({ tuple: this.#list(reader, () => this.#value(reader)) });
      case 0x6e:
        return value({ flags: this.#list(reader, () => reader.name()) });
      case 0x6d:
        return value({ enum: this.#list(reader, () => reader.name()) });
      case 0x6b:
        return value({ option: this.#value(reader) });
      case 0x6a:
        return value({ result: [this.#optional(reader), this.#optional(reader)] });
      case 0x69:
        return value({ own: this.#resource(reader) });
      case 0x68:
        return value({ borrow: this.#resource(reader) });
      case 0x40:
        return { is: 'function type', type: this.#function(reader) };
      case 0x41:
        this.#skipDeclarations(reader);
        return { is: 'component type' };
      case 0x42:
        return this.#instanceType(reader);
      case 0x3f:
        // The representation, which is i32, and the destructor.
        reader.byte();
        if (reader.byte() === 0x01) reader.u32();
        return { is: 'resource', name: 'a resource of its own' };
      default:
        return fail('feature_forbidden', { feature: `a component type of kind 0x${code.toString(16)}` });
    }
  }

  #list<T>(reader: BinaryReader, read: () => T): T[] {
    const all: T[] = [];
    this.each(reader, () => all.push(read()));
    return all;
  }

  #value(reader: BinaryReader): ContractType {
    const primitive = primitives[reader.bytes[reader.position] ?? 0];
    if (primitive !== undefined) {
      reader.byte();
      return primitive;
    }
    const index = reader.u32();
    const item = this.at('type', index);
    return item.is === 'value type' ? item.type : malformed(`type ${index} is ${item.is}, not a value type`, reader);
  }

  #optional(reader: BinaryReader): ContractType | null {
    return reader.byte() === 0x00 ? null : this.#value(reader);
  }

  #case(reader: BinaryReader): [string, ContractType | null] {
    const name = reader.name();
    const type = this.#optional(reader);
    if (reader.byte() !== 0x00) malformed('a case refines another', reader);
    return [name, type];
  }

  #resource(reader: BinaryReader): string {
    const item = this.at('type', reader.u32());
    return item.is === 'resource' ? item.name : malformed(`a handle of what is ${item.is}`, reader);
  }

  #function(reader: BinaryReader): ContractFunction {
    const params = this.#list(reader, (): [string, ContractType] => [reader.name(), this.#value(reader)]);
    if (reader.byte() === 0x00) return { params, result: this.#value(reader) };
    if (reader.byte() !== 0x00) malformed('a function has several results', reader);
    return { params, result: null };
  }

  /**
   * Reads the declarations to find their end, and again, with the owner's name, for each import or export of the type.
   */
  #instanceType(reader: BinaryReader): Item {
    const { position } = reader;
    const open = (name: string): Exports =>
      this.#declarations(new BinaryReader(reader.bytes, position, reader.end), name);
    this.#declarations(reader, '');
    return { is: 'instance type', open };
  }

  #skipDeclarations(reader: BinaryReader): void {
    this.#declarations(reader, '');
  }

  /** Reads `instancedecl` and `componentdecl`. */
  #declarations(reader: BinaryReader, owner: string): Exports {
    const inner = new Scope(this.budget, this);
    const exports = new Map<string, Item>();
    this.each(reader, () => {
      const kind = reader.byte();
      if (kind === 0x01) inner.define(reader);
      else if (kind === 0x02) inner.alias(reader);
      else if (kind === 0x03 || kind === 0x04) {
        const name = externName(reader);
        const { sort, item } = inner.described(reader, owner === '' ? name : `${owner}/${name}`);
        if (item === undefined) return;
        const declared = item();
        inner.add(sort, declared);
        if (kind === 0x04) exports.set(name, declared);
      } else fail('feature_forbidden', { feature: 'a core type within a component type', at: reader.position });
    });
    return exports;
  }
}

const primitives: Readonly<Record<number, string>> = {
  127: 'bool',
  126: 's8',
  125: 'u8',
  124: 's16',
  123: 'u16',
  122: 's32',
  121: 'u32',
  120: 's64',
  119: 'u64',
  118: 'f32',
  117: 'f64',
  116: 'char',
  115: 'string',
};

const imported = (): never => fail('feature_forbidden', { feature: 'an imported component' });

/** Reads a sort. @throws Fault `component_malformed` */
export function sortAt(reader: BinaryReader): Sort {
  const code = reader.byte();
  if (code === 0x00) reader.byte();
  return sorts[code] ?? malformed(`an unknown sort ${code}`, reader);
}

/** Refuses what the reader is at. @throws Fault `component_malformed` */
export function malformed(what: string, reader: BinaryReader): never {
  return fail('component_malformed', { what, at: reader.position });
}
