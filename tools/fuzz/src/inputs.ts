import { createRandom } from './random.ts';
import type { Target } from './target.ts';

/** The input of one run. It depends on target, seed and number alone, so that each can be made again. */
export const inputOf = (target: Target, seeds: readonly Uint8Array[], seed: string, run: number): Uint8Array =>
  target.mutate(seeds, createRandom(`${seed}/${target.name}/${run}`));
