const { rawJSON } = JSON as unknown as { rawJSON(text: string): unknown };

/**
 * A JSON number that a double cannot hold as it was written: 725653563933458432, 1.10, -0.0, 1e400.
 * It keeps its source text, and `JSON.stringify` writes exactly that text again. All other numbers are plain ones, so
 * whatever looks at a number takes it through `doubleOf`.
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

/** The number that `value` is, as a double; `undefined` when it is no number. */
export function doubleOf(value: unknown): number | undefined {
  if (typeof value === 'number') return value;
  return value instanceof KeptNumber ? value.double : undefined;
}
