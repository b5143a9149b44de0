/** A response that its client has not read completely. */
export interface Unread {
  /** The number of waiting bytes. */
  readonly waiting: number;
  /** Whether the client has read anything since the last call. */
  hasMoved(): boolean;
  /** Disconnects the client. */
  cut(): void;
}

/** The milliseconds after which a client that reads nothing of its answer is disconnected. */
const patience = 30_000;

/** Counts the waiting bytes of all responses, and disconnects clients that do not read. */
export class Outbox implements Disposable {
  /** See `limits.waiting_bytes`. */
  limit: number;
  readonly #watched = new Map<Unread, number>();
  readonly #patienceMs: number;
  #bytes = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(limit: number, patienceMs = patience) {
    this.limit = limit;
    this.#patienceMs = patienceMs;
  }

  /** The number of waiting bytes. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Whether this many more bytes may wait. A single answer always fits. */
  fits(bytes: number): boolean {
    return this.#bytes === 0 || this.#bytes + bytes <= this.limit;
  }

  add(bytes: number): void {
    this.#bytes += bytes;
  }

  /** Disconnects the client of this reply if it stops reading. */
  watch(reply: Unread): void {
    this.#watched.set(reply, Date.now());
    // Few replies ever wait, so one timer is enough for all.
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
