import { isDeepStrictEqual } from 'node:util';
import { isJsonObject, type JsonObject } from '../../core/json.ts';

/** A step into a configuration: the name of a member, or the entry of a list by its id. */
export type Step = string | { readonly id: string };

/** One place where two configurations differ. */
export interface Difference {
  readonly path: readonly Step[];
  /** `reordered` is a list whose entries are the same in another order. */
  readonly kind: 'added' | 'removed' | 'changed' | 'reordered';
  readonly before?: unknown;
  readonly after?: unknown;
  /** Whether `before` or `after` is one text or number of a list. */
  readonly isItem?: boolean;
}

/** The members that name the entries of a list, in the order in which they are tried. */
const naming = ['id', 'name', 'host', 'plugin', 'scheme', 'path', 'url'];

/**
 * Compares plain data. It knows no section: entries of lists are matched by what names them, texts and numbers in lists
 * by their value. Functions are not compared.
 */
export function differences(before: unknown, after: unknown, path: readonly Step[] = []): readonly Difference[] {
  if (typeof before === 'function' || typeof after === 'function') return [];
  if (isDeepStrictEqual(before, after)) return [];
  if (before === undefined) return [{ path, kind: 'added', after }];
  if (after === undefined) return [{ path, kind: 'removed', before }];
  if (isJsonObject(before) && isJsonObject(after)) return inObjects(before, after, path);
  if (Array.isArray(before) && Array.isArray(after)) return inLists(before, after, path);
  return [{ path, kind: 'changed', before, after }];
}

function inObjects(before: JsonObject, after: JsonObject, path: readonly Step[]): readonly Difference[] {
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...names].flatMap(name => differences(before[name], after[name], [...path, name]));
}

function inLists(before: readonly unknown[], after: readonly unknown[], path: readonly Step[]): readonly Difference[] {
  const all = [...before, ...after];
  if (all.every(each => typeof each !== 'object')) return inItems(before, after, path);
  const name = naming.find(each => isUnique(before, each) && isUnique(after, each));
  if (name === undefined) return [{ path, kind: 'changed', before, after }];
  const [earlier, later] = [entriesBy(before, name), entriesBy(after, name)];
  const removed = [...earlier].filter(([id]) => !later.has(id));
  const found = [
    ...removed.map(([id, entry]): Difference => ({ path: [...path, { id }], kind: 'removed', before: entry })),
    ...[...later].flatMap(([id, entry]) => differences(earlier.get(id), entry, [...path, { id }])),
  ];
  const [kept, keptLater] = [
    [...earlier.keys()].filter(id => later.has(id)),
    [...later.keys()].filter(id => earlier.has(id)),
  ];
  return isDeepStrictEqual(kept, keptLater) ? found : [...found, { path, kind: 'reordered' }];
}

function inItems(before: readonly unknown[], after: readonly unknown[], path: readonly Step[]): readonly Difference[] {
  const [removed, added] = [without(before, after), without(after, before)];
  if (removed.length + added.length === 0) return [{ path, kind: 'reordered' }];
  return [
    ...removed.map((item): Difference => ({ path, kind: 'removed', before: item, isItem: true })),
    ...added.map((item): Difference => ({ path, kind: 'added', after: item, isItem: true })),
  ];
}

/** Returns the items of a list that another does not have, or has less often. */
function without(list: readonly unknown[], others: readonly unknown[]): readonly unknown[] {
  const left = new Map<unknown, number>();
  for (const other of others) left.set(other, (left.get(other) ?? 0) + 1);
  return list.filter(item => {
    const count = left.get(item) ?? 0;
    left.set(item, count - 1);
    return count <= 0;
  });
}

/** Whether every entry of a list has this member, each with another text. */
function isUnique(entries: readonly unknown[], name: string): boolean {
  const texts = entries.map(entry => (isJsonObject(entry) ? entry[name] : undefined));
  return texts.every(text => typeof text === 'string') && new Set(texts).size === texts.length;
}

const entriesBy = (entries: readonly unknown[], name: string): ReadonlyMap<string, unknown> =>
  new Map(entries.map(entry => [String((entry as JsonObject)[name]), entry]));
