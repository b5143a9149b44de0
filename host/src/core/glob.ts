/** Whether `text` consists of these literal parts in order, with anything between them. Runs in one pass, without backtracking. */
export function matchesParts(parts: readonly string[], text: string): boolean {
  const [first = '', ...middle] = parts;
  const last = middle.pop();
  if (last === undefined) return text === first;
  if (!text.startsWith(first)) return false;
  let at = first.length;
  for (const part of middle) {
    const found = text.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return at + last.length <= text.length && text.endsWith(last);
}

/** Whether `text` matches `glob`, in which `*` stands for any characters. */
export const matchesGlob = (glob: string, text: string): boolean => matchesParts(glob.split('*'), text);

/** Whether a text that matches `glob` can begin with `prefix`. */
export function canBeginWith(glob: string, prefix: string): boolean {
  const [literal = '', ...rest] = glob.split('*');
  return literal.startsWith(prefix) || (rest.length > 0 && prefix.startsWith(literal));
}

/** Compiles a glob for paths: `*` matches within one segment, `**` matches anything. */
export function pathGlob(path: string): RegExp {
  const parts = path.split(/(\*+)/).map(part => {
    if (part === '*') return '[^/]*';
    if (part.startsWith('**')) return '.*';
    return part.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
  });
  return new RegExp(`^${parts.join('')}$`);
}

/**
 * Whether some text matches both of two globs, each split at its wildcards. Between the outer literals of two globs with
 * wildcards, the inner ones of both fit one after the other, so only the outer ones can exclude each other.
 */
export function canBothMatch(one: readonly string[], other: readonly string[]): boolean {
  if (one.length === 1) return matchesParts(other, one[0] ?? '');
  if (other.length === 1) return matchesParts(one, other[0] ?? '');
  const [start = '', otherStart = ''] = [one[0], other[0]];
  const [end = '', otherEnd = ''] = [one.at(-1), other.at(-1)];
  const canStart = start.startsWith(otherStart) || otherStart.startsWith(start);
  return canStart && (end.endsWith(otherEnd) || otherEnd.endsWith(end));
}
