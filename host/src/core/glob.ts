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
