import type { Log } from './log.ts';

/** Lines of one kind in a row, and the milliseconds until there may be more. */
const usual = { most: 5, periodMs: 10_000 };

interface Kind {
  written: number;
  suppressed: number;
  latest: object;
}

/**
 * Warns of what may happen as often as anybody likes: of each kind a few lines in a period, and at its end one that says
 * how many there would have been more, with the latest. There must be a bounded number of kinds.
 */
export class RepeatedWarning {
  readonly #log: Log;
  readonly #message: string;
  readonly #limits: typeof usual;
  readonly #kinds = new Map<string, Kind>();

  constructor(log: Log, message: string, limits: typeof usual = usual) {
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
