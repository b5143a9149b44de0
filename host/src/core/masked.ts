import { Fault, Faults, toFaults } from './fault.ts';
import type { SecretMask } from './secret-mask.ts';

/**
 * Does the work; what it throws is told without the secrets that a registry, a plugin, an upstream or Node may have put
 * into it.
 * @throws Faults
 */
export async function masked<T>(mask: SecretMask, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw new Faults(toFaults(error).map(({ code, details }) => new Fault(code, mask.value(details))));
  }
}
