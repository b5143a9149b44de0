import { type KvOperations, KvRefused } from '../../kv.ts';
import { kvOperations } from '../../kv-table.ts';
import { isBusy } from './open-database.ts';
import type { SqliteTable } from './sqlite-table.ts';

/** How long an operation waits for another process that has the file to itself, in milliseconds. */
const patienceMs = 2000;

export type Outcome = { readonly ok: unknown } | { readonly error: unknown };

/** An operation that someone waits for. */
export interface Ask {
  readonly isRead: boolean;
  readonly now: number;
  readonly sinceMs: number;
  /** Whether someone still waits for it. */
  isWanted(): boolean;
  run(kv: KvOperations): unknown;
  /** Takes the outcome. What succeeded is committed by then. */
  answer(outcome: Outcome): void;
}

/**
 * Runs operations on a database. Those that came together are committed together, because most of the cost of one is its
 * commit, and are answered after it. Operations that another process holds up wait, and are tried again by the next `run`.
 */
export class GroupCommit {
  readonly #table: SqliteTable;
  readonly #kv: KvOperations;
  #waiting: Ask[] = [];
  #now = 0;

  constructor(table: SqliteTable) {
    this.#table = table;
    this.#kv = kvOperations(table, () => this.#now);
  }

  get isWaiting(): boolean {
    return this.#waiting.length > 0;
  }

  add(ask: Ask): void {
    this.#waiting.push(ask);
  }

  /** Runs all operations. */
  run(): void {
    const asks = this.#waiting.filter(ask => ask.isWanted());
    this.#waiting = [];
    if (asks.length > 1 && asks.some(({ isRead }) => !isRead)) this.#runTogether(asks);
    else for (const ask of asks) this.#runAlone(ask);
  }

  /** Ends the wait of all operations that are held up. */
  giveUp(): void {
    for (const ask of this.#waiting.splice(0)) ask.answer({ error: new Error('the database is locked') });
  }

  #runTogether(asks: readonly Ask[]): void {
    let outcomes: readonly Outcome[];
    try {
      outcomes = this.#table.transact(() => asks.map(this.#outcomeOf));
    } catch (error) {
      // Nothing was kept. What holds up or breaks one operation is not the others' business.
      for (const ask of asks) {
        if (isBusy(error) && !ask.isRead) this.#wait(ask, error);
        else this.#runAlone(ask);
      }
      return;
    }
    for (const [place, ask] of asks.entries()) ask.answer(outcomes[place] ?? { error: new Error('no outcome') });
  }

  #runAlone(ask: Ask): void {
    let outcome: Outcome;
    try {
      outcome = this.#outcomeOf(ask);
    } catch (error) {
      if (isBusy(error)) {
        this.#wait(ask, error);
        return;
      }
      outcome = { error };
    }
    ask.answer(outcome);
  }

  /** @throws Error if the database does not work, and then all that belongs to the transaction is to be undone */
  readonly #outcomeOf = (ask: Ask): Outcome => {
    this.#now = ask.now;
    try {
      return { ok: ask.run(this.#kv) };
    } catch (error) {
      if (error instanceof KvRefused) return { error };
      throw error;
    }
  };

  #wait(ask: Ask, error: unknown): void {
    if (performance.now() - ask.sinceMs > patienceMs) ask.answer({ error });
    else this.#waiting.push(ask);
  }
}
