import { nearest } from '../../core/nearest.ts';
import { memberAt } from '../member-at.ts';
import type { Path, Problem } from '../problem.ts';

/** A name in the file, and its place. */
export interface Named {
  readonly name: string;
  readonly path: Path;
}

/** The paths of the entries of a list. */
export function entryPaths(value: unknown, list: Path): readonly Path[] {
  const entries = memberAt(value, list);
  return Array.isArray(entries) ? entries.map((_, index) => [...list, index]) : [];
}

/** Lists the entries by the member that names them. An entry without one has an empty name. */
export const entries = (value: unknown, list: Path, member = 'id'): readonly Named[] =>
  entryPaths(value, list).map(path => {
    const name = memberAt(value, [...path, member]);
    return { name: typeof name === 'string' ? name : '', path };
  });

/** Lists the strings of a list. */
export const listed = (value: unknown, list: Path): readonly Named[] =>
  entryPaths(value, list).flatMap(path => {
    const name = memberAt(value, path);
    return typeof name === 'string' ? [{ name, path }] : [];
  });

/** Reports duplicate names; `field` is the name's field, such as `id`. */
export const duplicates = (all: readonly Named[], field = 'id'): readonly Problem[] =>
  all.flatMap(({ name, path }, index) =>
    name !== '' && all.slice(0, index).some(other => other.name === name)
      ? [{ path, message: `duplicate ${field}: ${name}`, hint: 'rename one of the two, or remove it' }]
      : [],
  );

/** Reports unknown names; `what` is the kind of thing they name. */
export function unknownNames(known: readonly Named[], used: readonly Named[], what: string): readonly Problem[] {
  const names = known.map(({ name }) => name).filter(name => name !== '');
  return used
    .filter(({ name }) => !names.includes(name))
    .map(({ name, path }) => {
      const meant = nearest(name, names);
      const hint = meant ? `did you mean ${meant}?` : `known ${what}s: ${names.join(', ') || 'none'}`;
      return { path, message: `unknown ${what}: ${name}`, hint };
    });
}
