/**
 * Divides a number of places among remote addresses, so that no single one takes all. An address may hold a share of
 * the places that the others leave, and always at least one.
 */
export class AddressShare {
  #places: number;
  #share: number;
  readonly #held = new Map<string, number>();
  #taken = 0;

  /** @param share more than 0; with 1, one address may take all that is free */
  constructor(places: number, share: number) {
    this.#places = places;
    this.#share = share;
  }

  get taken(): number {
    return this.#taken;
  }

  /** Changes how many places there are, and the share. Places that are taken stay so. */
  changeTo(places: number, share: number): void {
    this.#places = places;
    this.#share = share;
  }

  /** Whether all places are taken. */
  get isFull(): boolean {
    return this.#taken >= this.#places;
  }

  /** Whether the address has used up its share, so that it must give back a place first. */
  isSpent(address: string): boolean {
    const held = this.held(address);
    return held >= Math.max(1, Math.floor((this.#places - this.#taken + held) * this.#share));
  }

  held(address: string): number {
    return this.#held.get(address) ?? 0;
  }

  take(address: string): void {
    this.#held.set(address, this.held(address) + 1);
    this.#taken += 1;
  }

  giveBack(address: string): void {
    const left = this.held(address) - 1;
    if (left > 0) this.#held.set(address, left);
    else this.#held.delete(address);
    this.#taken -= 1;
  }
}
