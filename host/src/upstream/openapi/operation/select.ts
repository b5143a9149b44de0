import { matchesGlob, pathGlob } from '../../../core/glob.ts';

interface Selectable {
  readonly key: string;
  readonly operationId?: string | undefined;
  readonly tags: readonly string[];
}

/**
 * A pattern of `include` or `exclude`: `tag:pets`, `GET /pets/**`, `* /admin/**`, or an operation's id, in which `*`
 * stands for any characters.
 */
export interface Selector {
  readonly text: string;
  matches(operation: Selectable): boolean;
}

/** Compiles a pattern. */
export function selectorOf(text: string): Selector {
  const [method = '', path] = text.split(/\s+/, 2);
  if (path?.startsWith('/')) {
    const glob = pathGlob(path);
    const matches = ({ key }: Selectable) => {
      const at = key.indexOf(' ');
      return matchesGlob(method.toUpperCase(), key.slice(0, at)) && glob.test(key.slice(at + 1));
    };
    return { text, matches };
  }
  if (text.startsWith('tag:')) {
    const glob = text.slice('tag:'.length);
    return { text, matches: ({ tags }) => tags.some(tag => matchesGlob(glob, tag)) };
  }
  return { text, matches: ({ operationId }) => operationId !== undefined && matchesGlob(text, operationId) };
}

/** Returns the operations that `include` selects, or all, without those that `exclude` selects. */
export function selected<T extends Selectable>(
  operations: readonly T[],
  include: readonly Selector[],
  exclude: readonly Selector[],
): readonly T[] {
  return operations.filter(
    operation =>
      (include.length === 0 || include.some(each => each.matches(operation))) &&
      !exclude.some(each => each.matches(operation)),
  );
}
