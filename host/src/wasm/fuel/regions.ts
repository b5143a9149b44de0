import { fail } from '../../core/fault.ts';

/** Code that is run as a whole once its first instruction is: it is charged there, at `position`. */
export interface Region {
  readonly position: number;
  /** Whether it is the start of a function or the head of a loop, where the counter is looked at as well. */
  readonly isChecked: boolean;
  /** Code that was run before, and as often or more often. */
  readonly parent: Region | undefined;
  cost: number;
}

interface Frame {
  /** The region in which the block began; undefined where it cannot be reached. */
  readonly before: Region | undefined;
  /** Depth of the outermost block that is left from inside this one. */
  outermost: number;
}

/**
 * Divides the code of a function into regions, along its blocks and branches. The code after a block belongs to the
 * region before it, unless the block may be left for one further out. Code that cannot be reached has no region.
 */
export class Regions {
  readonly all: Region[] = [];
  readonly #frames: Frame[] = [];
  #current: Region | undefined;

  /** @param cost of a call beside the code of the function */
  constructor(position: number, cost: number) {
    this.#current = this.#add({ position, isChecked: true, parent: undefined, cost });
    this.#open();
  }

  get isReachable(): boolean {
    return this.#current !== undefined;
  }

  /** Whether the function has ended. */
  get isOver(): boolean {
    return this.#frames.length === 0;
  }

  charge(cost: number): void {
    if (this.#current !== undefined) this.#current.cost += cost;
  }

  block(): void {
    this.#open();
  }

  /** @param cost of a pass beside the code in the loop */
  loop(position: number, cost: number): void {
    this.#open();
    if (this.isReachable) this.#current = this.#add({ position, isChecked: true, parent: undefined, cost });
  }

  /** An arm of a block of which one is run, if any. */
  if(position: number): void {
    this.#open();
    this.#branch(position, this.#current);
  }

  /** The next arm of the same block: `else`, or what catches exceptions. */
  else(position: number): void {
    this.#branch(position, this.#innermost(position).before);
  }

  end(position: number): void {
    const { before, outermost } = this.#innermost(position);
    this.#frames.pop();
    const outer = this.#frames.at(-1);
    if (outer === undefined) return;
    outer.outermost = Math.min(outer.outermost, outermost);
    if (outermost < this.#frames.length) this.#branch(position, before);
    else this.#current = before;
  }

  /** The code may continue at a label: that of the block this many blocks further out, or of the function. */
  leave(label: number, position: number): void {
    const depth = this.#frames.length - 1 - label;
    if (depth < 0) fail('component_malformed', { what: 'a branch to a block around the function', at: position });
    const innermost = this.#innermost(position);
    innermost.outermost = Math.min(innermost.outermost, depth);
  }

  /** What follows is run only where a branch was not taken. */
  fallThrough(position: number): void {
    this.#branch(position, this.#current);
  }

  /** What follows, up to the end of the arm or block, is never run. */
  stop(): void {
    this.#current = undefined;
  }

  /** The function, or an exception, may end all blocks at once. */
  leaveAll(position: number): void {
    this.leave(this.#frames.length - 1, position);
  }

  #open(): void {
    this.#frames.push({ before: this.#current, outermost: Number.POSITIVE_INFINITY });
  }

  #branch(position: number, parent: Region | undefined): void {
    this.#current = parent && this.#add({ position, isChecked: false, parent, cost: 0 });
  }

  #add(region: Region): Region {
    this.all.push(region);
    return region;
  }

  #innermost(position: number): Frame {
    return (
      this.#frames.at(-1) ?? fail('component_malformed', { what: 'a function goes on after its end', at: position })
    );
  }
}

/**
 * Charges short regions with the region before them, whether they are run or not: to charge one by itself costs about
 * as much as the code in it.
 */
export function mergeShort(regions: readonly Region[], shortest: number): void {
  for (const region of regions.toReversed()) {
    if (region.isChecked || region.parent === undefined || region.cost >= shortest) continue;
    region.parent.cost += region.cost;
    region.cost = 0;
  }
}
