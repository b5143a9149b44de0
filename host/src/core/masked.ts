import { Fault, Faults, toFaults } from './fault.ts';
import type { SecretMask } from './secret-mask.ts';

/**
 * Runs `work`. Secrets that a registry, a plugin, an upstream or Node put into an error are masked.
 * @throws Faults
 */
export async function masked<T>(mask: SecretMask, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw new Faults(toFaults(error).map(({ code, details }) => new Fault(code, mask.value(details))));
  }
}
