import type { MemoryUse } from './message.ts';

interface Use {
  bytes: number;
  /** The most since it was told. */
  most: number;
  toldBytes: number;
  /** The most that was ever told. */
  toldMost: number;
}

/** Adds up the memories of the instances that a lane holds, and tells what has changed. */
export class MemoryMeter {
  readonly #uses = new Map<string, Use>();
  #changed = false;

  /** An instance of `plugin` has grown (or, with a negative number, is gone). */
  add(plugin: string, bytes: number): void {
    if (bytes === 0) return;
    const use = this.#uses.get(plugin) ?? { bytes: 0, most: 0, toldBytes: 0, toldMost: 0 };
    this.#uses.set(plugin, use);
    use.bytes += bytes;
    use.most = Math.max(use.most, use.bytes);
    this.#changed = true;
  }

  /** What is to be told; undefined when that is nothing. An instance that came and went is told once for its size. */
  take(): readonly MemoryUse[] | undefined {
    if (!this.#changed) return undefined;
    this.#changed = false;
    const told: MemoryUse[] = [];
    for (const [plugin, use] of this.#uses) {
      if (use.bytes === use.toldBytes && use.most <= use.toldMost) continue;
      told.push({ plugin, bytes: use.bytes, most: use.most });
      use.toldBytes = use.bytes;
      use.toldMost = Math.max(use.toldMost, use.most);
      use.most = use.bytes;
    }
    return told.length === 0 ? undefined : told;
  }
}
