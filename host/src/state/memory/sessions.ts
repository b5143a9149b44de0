import type { SessionFacts, SessionStore } from '../session-store.ts';

type Stored = { -readonly [Name in keyof SessionFacts]: SessionFacts[Name] };

/** Keeps sessions in the memory of this process. Every answer is there at once. */
export class MemorySessions implements SessionStore {
  /** See `limits.session_idle_ms`. */
  idleMs: number;
  readonly #sessions = new Map<string, Stored>();

  constructor(idleMs: number) {
    this.idleMs = idleMs;
  }

  create(facts: SessionFacts): void {
    this.#sessions.set(facts.id, { ...facts });
  }

  find(id: string): SessionFacts | undefined {
    const stored = this.#sessions.get(id);
    if (stored === undefined || !this.#isIdle(stored)) return stored;
    this.#sessions.delete(id);
    return undefined;
  }

  touch(id: string, at: number): void {
    const stored = this.#sessions.get(id);
    if (stored !== undefined) stored.lastUsed = at;
  }

  setLogLevel(id: string, level: string): void {
    const stored = this.#sessions.get(id);
    if (stored !== undefined) stored.logLevel = level;
  }

  end(id: string): void {
    this.#sessions.delete(id);
  }

  dropIdle(): void {
    for (const [id, stored] of this.#sessions) if (this.#isIdle(stored)) this.#sessions.delete(id);
  }

  #isIdle({ lastUsed }: Stored): boolean {
    return lastUsed < Date.now() - this.idleMs;
  }
}
