import type { Principal } from '../../identity/principal.ts';
import type { Step } from './step.ts';

/**
 * Creates the step that finds the binding of a request to a URL where the caller's tenant decides.
 * @param defaultFor returns the id of the binding
 */
export const createDefaultBinding = (defaultFor: (caller: Principal) => string | undefined): Step => ({
  name: 'default-binding',
  pass(arrival) {
    arrival.binding ??= defaultFor(arrival.principal);
  },
});
