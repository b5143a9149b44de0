/** What the choice among instances depends on. */
export interface Choosable {
  /** The share of the work that it gets; 0 if it gets no new work. */
  readonly weight: number;
  /** The sessions and running requests that it has. */
  readonly load: number;
  readonly isHealthy: boolean;
  /** How much it is behind its share of the choices; kept by `chooseInstance`. */
  credit: number;
}

/**
 * Returns the instance with the least load for its weight, and among equals each in its turn, as often as its weight
 * says. Instances that are not healthy are chosen where no other is left.
 */
export function chooseInstance<T extends Choosable>(all: readonly T[]): T | undefined {
  const weighted = all.filter(({ weight }) => weight > 0);
  const healthy = weighted.filter(({ isHealthy }) => isHealthy);
  const candidates = healthy.length === 0 ? weighted : healthy;
  const least = Math.min(...candidates.map(({ load, weight }) => load / weight));
  const equals = candidates.filter(({ load, weight }) => load / weight === least);
  // Smooth weighted round robin: each gains its weight, and the chosen one pays for all.
  let chosen: T | undefined;
  let total = 0;
  for (const each of equals) {
    each.credit += each.weight;
    total += each.weight;
    if (chosen === undefined || each.credit > chosen.credit) chosen = each;
  }
  if (chosen !== undefined) chosen.credit -= total;
  return chosen;
}
