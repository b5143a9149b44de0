const { rawJSON } = JSON as unknown as { rawJSON(text: string): unknown };

/**
 * A JSON number that would change as a double: 725653563933458432, 1.10, -0.0, 1e400. It keeps its source text, and
 * `JSON.stringify` writes exactly that text again. All other numbers are plain ones, so code that reads a number uses
 * `doubleOf`.
 */
export class KeptNumber {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  get double(): number {
    return Number(this.text);
  }

  toJSON(): unknown {
    return rawJSON(this.text);
  }
}

/** Returns the number `value` as a double; `undefined` if it is not a number. */
export function doubleOf(value: unknown): number | undefined {
  if (typeof value === 'number') return value;
  return value instanceof KeptNumber ? value.double : undefined;
}

/** Returns whether two values are the same number, text or constant, or the same object or list. */
export const isSameScalar = (one: unknown, other: unknown): boolean =>
  one === other || (one instanceof KeptNumber && other instanceof KeptNumber && one.text === other.text);
