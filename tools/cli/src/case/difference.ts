/** One place at which a value differs from the expected one. */
export interface Difference {
  /** Members and indexes, joined by dots. */
  readonly path: string;
  /** The expected value; absent if nothing was expected. */
  readonly expected?: unknown;
  /** The actual value; absent if nothing is there. */
  readonly got?: unknown;
  /** A hint at what the author may have meant. */
  readonly hint?: string;
}

/**
 * Compares plain JSON, member by member. Where an object or a list is expected and text is found, the text is parsed,
 * because toolchains format the same JSON differently.
 */
export function differencesOf(expected: unknown, got: unknown, path: string): readonly Difference[] {
  const actual = typeof got === 'string' && isCompound(expected) ? (parsed(got) ?? got) : got;
  if (!isCompound(expected) || !isCompound(actual) || Array.isArray(expected) !== Array.isArray(actual)) {
    if (Object.is(expected, actual)) return [];
    const isPart = typeof expected === 'string' && expected !== '' && typeof got === 'string' && got.includes(expected);
    return [difference(path, expected, got, isPart ? 'the whole text is compared, not a part of it' : undefined)];
  }
  const [wanted, there] = [new Map(Object.entries(expected)), new Map(Object.entries(actual))];
  const names = new Set([...wanted.keys(), ...there.keys()]);
  return [...names].flatMap(name => {
    const at = path === '' ? name : `${path}.${name}`;
    return differencesOf(wanted.get(name), there.get(name), at);
  });
}

export const difference = (path: string, expected: unknown, got: unknown, hint?: string): Difference => ({
  path,
  ...(hint !== undefined && { hint }),
  ...(expected !== undefined && { expected }),
  ...(got !== undefined && { got }),
});

const isCompound = (value: unknown): value is object => typeof value === 'object' && value !== null;

function parsed(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return isCompound(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
