/** An object that remembers its place in the one `PlacedSet` that it belongs to. */
export interface Placed {
  place?: number | undefined;
}

/**
 * A set for objects that live as long as a request.
 *
 * A JavaScript Set or Map that gains and loses members replaces its table again and again. V8 keeps the members of each
 * replaced table, and its link to the next table. Once one such table is in the old generation, every request since then
 * is promoted to it too, with all that it refers to, and only a full collection frees them. Here a member is removed by
 * moving the last one to its place, so nothing that has left is reachable.
 */
export class PlacedSet<T extends Placed> implements Iterable<T> {
  readonly #members: T[] = [];

  get size(): number {
    return this.#members.length;
  }

  /** Adds an object, unless it is a member. */
  add(member: T): void {
    if (member.place !== undefined) return;
    member.place = this.#members.length;
    this.#members.push(member);
  }

  /** Removes an object, if it is a member. */
  delete(member: T): void {
    const { place } = member;
    if (place === undefined) return;
    member.place = undefined;
    const last = this.#members.pop();
    if (last === undefined || last === member) return;
    this.#members[place] = last;
    last.place = place;
  }

  /** Iterates over the members of this moment, in no particular order. */
  [Symbol.iterator](): Iterator<T> {
    return [...this.#members].values();
  }
}
