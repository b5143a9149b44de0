import type { Authenticate } from './authenticate.ts';
import { createAuthenticate } from './authenticate.ts';
import type { HostAndOrigin } from './host-and-origin.ts';
import type { RunningRequests } from './overload.ts';
import type { Step } from './step.ts';

export interface StepOptions {
  readonly hostAndOrigin: HostAndOrigin;
  readonly running: RunningRequests;
  readonly schemes: readonly Authenticate[];
}

/**
 * Returns what each request to a binding passes, in order: a page of a foreign origin learns nothing about the gateway, not
 * even that it is busy, and a gateway that is busy does not begin to authenticate. What depends on the binding, the tool or
 * the tenant is decided in gateway/, after routing.
 */
export const createSteps = ({ hostAndOrigin, running, schemes }: StepOptions): readonly Step[] => [
  hostAndOrigin,
  running,
  createAuthenticate(schemes),
];
