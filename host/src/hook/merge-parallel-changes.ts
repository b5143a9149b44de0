import { isDeepStrictEqual } from 'node:util';
import { isJsonObject, type Json, type JsonObject } from '../core/json.ts';
import { isSameScalar } from '../core/json-number.ts';
import { foldCase } from '../core/json-twins.ts';

/** A change that was made to the same path by several versions of a value. */
export interface Conflict {
  readonly path: string;
  /** The indexes of the versions. */
  readonly versions: readonly number[];
}

/** A value with the changes of all versions that have no conflict. */
export interface Merged {
  readonly value: JsonObject;
  /** The first conflict of each version that has one, by its index. */
  readonly conflicts: ReadonlyMap<number, Conflict>;
}

/**
 * Merges versions of one value. A version changes the paths at which it differs from `base`; a list of another length is
 * changed as a whole. Two versions conflict if they change the same path, or one of them a parent of the other's, also if
 * they agree on the new value. Names that differ only in case are the same path, because many servers read them as one.
 *
 * Returns `base` itself if no version differs from it.
 */
export function mergeChanges(base: JsonObject, versions: readonly JsonObject[]): Merged {
  const changed = [...versions.entries()].flatMap(([index, value]) => (value === base ? [] : { index, value }));
  const [first] = changed;
  if (first === undefined || changed.length === 1) return { value: first?.value ?? base, conflicts: new Map() };
  const conflicts = new Map<number, Conflict>();
  const value = mergeObjects(base, changed, '', conflicts);
  if (conflicts.size === 0) return { value, conflicts };
  const others = changed.filter(({ index }) => !conflicts.has(index));
  return { value: others.length === 0 ? base : mergeObjects(base, others, '', new Map()), conflicts };
}

/** The value of one version at a path; undefined if the path does not exist. */
interface Version<Value extends Json | undefined = Json | undefined> {
  readonly index: number;
  readonly value: Value;
}

type Conflicts = Map<number, Conflict>;

function mergeAt(
  base: Json | undefined,
  versions: readonly Version[],
  path: string,
  conflicts: Conflicts,
): Json | undefined {
  const touched = versions.filter(({ value }) => !isSameScalar(value, base));
  const [first] = touched;
  if (first === undefined) return base;
  if (touched.length === 1) return first.value;
  if (isJsonObject(base) && touched.every(isObject)) return mergeObjects(base, touched, path, conflicts);
  if (isList(base)) {
    const lists = touched.filter(isListOf(base.length));
    if (lists.length === touched.length) return mergeLists(base, lists, path, conflicts);
  }
  const changed = touched.filter(({ value }) => !isDeepStrictEqual(value, base));
  const [only] = changed;
  if (only === undefined) return base;
  if (changed.length === 1) return only.value;
  addConflict(path, changed, conflicts);
  return base;
}

function mergeObjects(
  base: JsonObject,
  versions: readonly Version<JsonObject>[],
  path: string,
  conflicts: Conflicts,
): JsonObject {
  findTwinNames(base, versions, path, conflicts);
  const names = new Set([base, ...versions.map(({ value }) => value)].flatMap(each => Object.keys(each)));
  const members = [...names].flatMap((name): [string, Json][] => {
    const own = versions.map(({ index, value }) => ({ index, value: member(value, name) }));
    const merged = mergeAt(member(base, name), own, path === '' ? name : `${path}.${name}`, conflicts);
    return merged === undefined ? [] : [[name, merged]];
  });
  // This defines members and never calls a setter, so that a member named `__proto__` stays a member.
  return Object.fromEntries(members);
}

const mergeLists = (
  base: readonly Json[],
  versions: readonly Version<readonly Json[]>[],
  path: string,
  conflicts: Conflicts,
): readonly Json[] =>
  base.map((entry, place) => {
    const own = versions.map(({ index, value }) => ({ index, value: value[place] }));
    return mergeAt(entry, own, `${path}[${place}]`, conflicts) ?? entry;
  });

/** Reports members that different versions added, with names that differ only in case. */
function findTwinNames(
  base: JsonObject,
  versions: readonly Version<JsonObject>[],
  path: string,
  conflicts: Conflicts,
): void {
  const added = new Map<string, { readonly names: Set<string>; readonly versions: Version[] }>();
  for (const version of versions) {
    for (const name of Object.keys(version.value)) {
      if (Object.hasOwn(base, name)) continue;
      const folded = foldCase(name);
      const known = added.get(folded) ?? { names: new Set(), versions: [] };
      known.names.add(name);
      known.versions.push(version);
      added.set(folded, known);
    }
  }
  for (const { names, versions: adding } of added.values()) {
    if (names.size > 1) addConflict([...(path === '' ? [] : [path]), [...names][0]].join('.'), adding, conflicts);
  }
}

function addConflict(path: string, versions: readonly Version[], conflicts: Conflicts): void {
  const conflict = { path, versions: versions.map(({ index }) => index) };
  for (const { index } of versions) if (!conflicts.has(index)) conflicts.set(index, conflict);
}

const member = (of: JsonObject, name: string): Json | undefined => (Object.hasOwn(of, name) ? of[name] : undefined);

const isObject = (version: Version): version is Version<JsonObject> => isJsonObject(version.value);

const isList = (value: Json | undefined): value is readonly Json[] => Array.isArray(value);

const isListOf =
  (length: number) =>
  (version: Version): version is Version<readonly Json[]> =>
    isList(version.value) && version.value.length === length;
