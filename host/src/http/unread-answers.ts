/** A response whose client has not read all of it. */
export interface Unread {
  /** Bytes that wait. */
  readonly waiting: number;
  /** Whether the client has read anything since the last call. */
  hasMoved(): boolean;
  /** Disconnects the client. */
  cut(): void;
}

/** Milliseconds after which a client that read nothing of its answer is disconnected. */
const patience = 30_000;

/** Counts the bytes that wait for clients, of all responses together, and disconnects clients that do not read. */
export class Outbox implements Disposable {
  readonly #limit: number;
  readonly #watched = new Map<Unread, number>();
  readonly #patienceMs: number;
  #bytes = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(limit: number, patienceMs = patience) {
    this.#limit = limit;
    this.#patienceMs = patienceMs;
  }

  /** Bytes that wait. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Whether so many more bytes may wait. An answer alone always fits. */
  fits(bytes: number): boolean {
    return this.#bytes === 0 || this.#bytes + bytes <= this.#limit;
  }

  add(bytes: number): void {
    this.#bytes += bytes;
  }

  /** Disconnects the client of this reply when it stops reading. */
  watch(reply: Unread): void {
    this.#watched.set(reply, Date.now());
    // Few replies ever wait, so one timer serves them all.
    this.#timer ??= setInterval(() => this.#look(), Math.ceil(this.#patienceMs / 6));
  }

  unwatch(reply: Unread): void {
    if (!this.#watched.delete(reply) || this.#watched.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #look(): void {
    const now = Date.now();
    for (const [reply, since] of [...this.#watched]) {
      if (reply.hasMoved() || reply.waiting === 0) this.#watched.set(reply, now);
      else if (now - since >= this.#patienceMs) reply.cut();
    }
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }
}
