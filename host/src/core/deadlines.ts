import { type Placed, PlacedSet } from './placed-set.ts';

/** An object that is called when its time is over. */
export interface Expiring extends Placed {
  /** The time of `performance.now()` at which it expires. It may be postponed, but not brought forward. */
  readonly expiresAt: number;
  onExpired(): void;
}

/**
 * The deadlines of objects that nearly always end before. They share one timer, which is set for the earliest deadline
 * and left alone when that object ends: a timer of Node for each request is a microsecond of it. It does not keep the
 * process alive.
 */
export class Deadlines<T extends Expiring> {
  readonly #members = new PlacedSet<T>();
  #timer: NodeJS.Timeout | undefined;
  #firesAt = Number.POSITIVE_INFINITY;

  /** Adds an object, which is removed when it expires. */
  add(member: T): void {
    this.#members.add(member);
    if (member.expiresAt < this.#firesAt) this.#fireAt(member.expiresAt);
  }

  /** Removes an object, if it has not expired. */
  delete(member: T): void {
    this.#members.delete(member);
  }

  #fireAt(time: number): void {
    clearTimeout(this.#timer);
    this.#firesAt = time;
    this.#timer = setTimeout(() => this.#expire(), Math.max(1, Math.ceil(time - performance.now()))).unref();
  }

  #expire(): void {
    this.#firesAt = Number.POSITIVE_INFINITY;
    const now = performance.now();
    let next = Number.POSITIVE_INFINITY;
    for (const member of this.#members) {
      // One that expired before may have ended it.
      if (member.place === undefined) continue;
      if (member.expiresAt > now) {
        next = Math.min(next, member.expiresAt);
      } else {
        this.#members.delete(member);
        member.onExpired();
      }
    }
    if (next < this.#firesAt) this.#fireAt(next);
  }
}
