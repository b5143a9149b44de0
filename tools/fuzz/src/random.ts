/** Numbers that look random and are always the same for the same seed. */
export interface Random {
  /** A whole number from 0 up to, and without, `below`. */
  int(below: number): number;
  /** True with this probability. */
  chance(probability: number): boolean;
  /** One of them. `all` must not be empty. */
  pick<T>(all: readonly T[]): T;
}

/** The generator sfc32 (Chris Doty-Humphrey, PractRand), started from a text. */
export function createRandom(seed: string): Random {
  let [a, b, c, counter] = [hash(seed, 0x9e3779b9), hash(seed, 0x243f6a88), hash(seed, 0xb7e15162), 1];
  const next = (): number => {
    const mixed = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + mixed;
    return mixed >>> 0;
  };
  for (let warm = 0; warm < 12; warm += 1) next();
  const int = (below: number) => Math.floor((next() / 2 ** 32) * below);
  return {
    int,
    chance: probability => next() / 2 ** 32 < probability,
    pick: all => {
      const index = int(all.length);
      if (index >= all.length) throw new RangeError('there is nothing to pick from');
      return all[index] as (typeof all)[number];
    },
  };
}

/** FNV-1a over UTF-16 code units, with an offset of one's own. */
function hash(text: string, offset: number): number {
  let value = offset;
  for (let index = 0; index < text.length; index += 1) value = Math.imul(value ^ text.charCodeAt(index), 0x01000193);
  return value | 0;
}
