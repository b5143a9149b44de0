/** Where warnings are written: a log, or something with the same method. */
export interface Warned {
  warn(line: object, message: string): void;
}

/** The number of lines of one kind per period, and the period in milliseconds. */
const usual = { most: 5, periodMs: 10_000 };

interface Kind {
  written: number;
  suppressed: number;
  latest: object;
}

/**
 * Limits warnings that outsiders can trigger at will: a few lines of each kind per period, and at its end one line with
 * the number of suppressed ones and the latest of them. The number of kinds must be bounded.
 */
export class RepeatedWarning {
  readonly #log: Warned;
  readonly #message: string;
  readonly #limits: typeof usual;
  readonly #kinds = new Map<string, Kind>();

  constructor(log: Warned, message: string, limits: typeof usual = usual) {
    this.#log = log;
    this.#message = message;
    this.#limits = limits;
  }

  write(kind: string, line: object): void {
    const known = this.#kinds.get(kind);
    if (known !== undefined && known.written >= this.#limits.most) {
      known.suppressed += 1;
      known.latest = line;
      return;
    }
    if (known === undefined) {
      this.#kinds.set(kind, { written: 1, suppressed: 0, latest: line });
      setTimeout(() => this.#endPeriod(kind), this.#limits.periodMs).unref();
    } else known.written += 1;
    this.#log.warn(line, this.#message);
  }

  #endPeriod(kind: string): void {
    const { suppressed, latest } = this.#kinds.get(kind) ?? { suppressed: 0, latest: {} };
    this.#kinds.delete(kind);
    if (suppressed > 0) this.#log.warn({ ...latest, suppressed }, this.#message);
  }
}
