import { contractFunctions } from '../contract/generated/functions.ts';
import { wasiFunctions } from '../contract/generated/wasi-functions.ts';
import type { ContractFunction, ContractTable, ContractType } from '../contract/value-type.ts';
import { cut } from '../core/cut.ts';
import { Fault } from '../core/fault.ts';
import type { ComponentTypes } from '../wasm/component-type.ts';
import type { Item } from '../wasm/type-scope.ts';

/**
 * Compares every function that a component imports and exports with the contract, type by type. A component may lack
 * functions that it does not use, but must export all of `required`; what it has must match the contract exactly.
 * Interfaces carry their version in their names, so a plugin is compared with the version that it was built for.
 * @returns a fault of `contract_mismatch` for each function that differs
 */
export function contractMismatches(
  plugin: string,
  types: ComponentTypes,
  required: readonly string[],
): readonly Fault[] {
  const faults: Fault[] = [];
  for (const [direction, items] of Object.entries(types) as ['imports' | 'exports', ComponentTypes['imports']][]) {
    for (const [name, item] of items) {
      if (direction === 'exports' && name === 'then') {
        faults.push(
          new Fault('contract_mismatch', {
            plugin,
            export: name,
            differs: 'with this name, the exports as a whole would be taken for a promise',
          }),
        );
      }
      const table = functionsOf(name);
      if (table === undefined) continue;
      for (const difference of differencesOf(item, table, direction === 'exports' && required.includes(name))) {
        faults.push(new Fault('contract_mismatch', { plugin, [direction.slice(0, -1)]: name, ...difference }));
      }
    }
  }
  return faults;
}

/** Returns the contract's functions of an interface. Those of WASI 0.2 are the same in all of its versions. */
function functionsOf(name: string): ContractTable[string] | undefined {
  if (Object.hasOwn(contractFunctions, name)) return contractFunctions[name];
  const [, wasi = ''] = /^(wasi:[\w/-]+)@0\.2\.\d+$/.exec(name) ?? [];
  return Object.hasOwn(wasiFunctions, wasi) ? wasiFunctions[wasi] : undefined;
}

interface Difference {
  readonly function?: string;
  readonly differs: string;
  readonly expected?: string;
  readonly found?: string;
}

function* differencesOf(item: Item, table: ContractTable[string], isDue: boolean): Generator<Difference> {
  if (item.is !== 'instance') return yield { differs: `it is ${item.is}, not an interface` };
  for (const [name, member] of item.exports) {
    if (member.is !== 'function') continue;
    const expected = Object.hasOwn(table, name) ? table[name] : undefined;
    if (expected === undefined) yield { function: name, differs: 'the contract has no such function' };
    else yield* signatureDifference(name, expected, member.type);
  }
  if (!isDue) return;
  for (const [name, expected] of Object.entries(table)) {
    if (item.exports.get(name)?.is === 'function') continue;
    yield { function: name, differs: 'the function is missing', expected: tellFunction(expected) };
  }
}

function* signatureDifference(
  name: string,
  expected: ContractFunction,
  found: ContractFunction,
): Generator<Difference> {
  const difference = functionDifference(expected, found);
  if (difference === undefined) return;
  const [place, wanted, there] = difference;
  yield { function: name, differs: place, expected: wanted, found: there };
}

/** Describes where two types differ, and what is expected and found there. */
type Place = readonly [place: string, expected: string, found: string];

function functionDifference(expected: ContractFunction, found: ContractFunction): Place | undefined {
  const names = (params: ContractFunction['params']) => params.map(([name]) => name).join(', ');
  if (names(expected.params) !== names(found.params))
    return ['its parameters', names(expected.params), cut(names(found.params), longest)];
  for (const [index, [name, type]] of expected.params.entries()) {
    const difference = typeDifference(type, found.params[index]?.[1] ?? null, `parameter ${name}`);
    if (difference !== undefined) return difference;
  }
  return typeDifference(expected.result, found.result, 'its result');
}

/** Goes only as deep as `expected`, so that the contract limits the work, whatever `found` is. */
function typeDifference(expected: ContractType | null, found: ContractType | null, place: string): Place | undefined {
  const differs: Place = [place, formatType(expected), formatType(found)];
  if (expected === null || found === null || typeof expected === 'string' || typeof found === 'string') {
    return expected === found ? undefined : differs;
  }
  const [kind] = Object.keys(expected);
  if (kind === undefined || !(kind in found) || Object.keys(found).length !== Object.keys(expected).length)
    return differs;
  const parts = partsOf(expected);
  const others = partsOf(found);
  if (parts.length !== others.length || parts.some(([name], index) => name !== others[index]?.[0])) return differs;
  for (const [index, [name, type]] of parts.entries()) {
    const difference = typeDifference(type, others[index]?.[1] ?? null, name === '' ? place : `${place}, ${name}`);
    if (difference !== undefined) return difference;
  }
  return undefined;
}

/** Returns the parts of a type: each part's name, which says everything that is not a type, and its type. */
function partsOf(type: Exclude<ContractType, string>): readonly (readonly [string, ContractType | null])[] {
  if ('list' in type) return [['its elements', type.list]];
  if ('option' in type) return [['', type.option]];
  if ('tuple' in type) return type.tuple.map((each, index) => [`member ${index}`, each]);
  if ('result' in type)
    return [
      ['ok', type.result[0]],
      ['err', type.result[1]],
    ];
  if ('record' in type) return type.record.map(([name, each]) => [`field ${name}`, each]);
  if ('variant' in type) return type.variant.map(([name, each]) => [`case ${name}`, each]);
  if ('enum' in type) return type.enum.map(name => [name, null]);
  if ('flags' in type) return type.flags.map(name => [name, null]);
  return [['own' in type ? type.own : type.borrow, null]];
}

const longest = 300;
const deepest = 3;

/** Formats a type as WIT, with limited depth and length. */
function formatType(type: ContractType | null, depth = 0): string {
  if (type === null) return 'nothing';
  if (typeof type === 'string') return type;
  if (depth >= deepest) return '…';
  const each = (part: ContractType | null) => formatType(part, depth + 1);
  const member = ([name, part]: readonly [string, ContractType | null]) =>
    part === null ? name : `${name}: ${each(part)}`;
  const some = (parts: readonly string[]) => cut(parts.join(', '), longest);
  const shown = <T>(parts: readonly T[]) => parts.slice(0, 20);
  if ('list' in type) return `list<${each(type.list)}${type.length === undefined ? '' : `, ${type.length}`}>`;
  if ('option' in type) return `option<${each(type.option)}>`;
  if ('tuple' in type) return `tuple<${some(shown(type.tuple).map(each))}>`;
  if ('result' in type) return `result<${type.result.map(part => (part === null ? '_' : each(part))).join(', ')}>`;
  if ('record' in type) return `record { ${some(shown(type.record).map(member))} }`;
  if ('variant' in type) return `variant { ${some(shown(type.variant).map(member))} }`;
  if ('enum' in type) return `enum { ${some(shown(type.enum))} }`;
  if ('flags' in type) return `flags { ${some(shown(type.flags))} }`;
  return 'own' in type ? `own<${type.own}>` : `borrow<${type.borrow}>`;
}

const tellFunction = ({ params, result }: ContractFunction): string =>
  `func(${params.map(([name, type]) => `${name}: ${formatType(type, deepest - 1)}`).join(', ')})${result === null ? '' : ` -> ${formatType(result, deepest - 2)}`}`;
