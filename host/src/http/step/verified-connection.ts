import { fail } from '../../core/fault.ts';
import type { Arrival, Step } from './step.ts';

/**
 * Creates the step that refuses a request over a connection whose certificate may have been revoked since it was
 * verified: one that was busy when the revocations or authorities were replaced, so that it could not be closed.
 */
export const createVerifiedConnection = (isUnverified: (arrival: Arrival) => boolean): Step => ({
  name: 'verified-connection',
  pass(arrival) {
    if (isUnverified(arrival)) fail('connection_outdated');
  },
});
