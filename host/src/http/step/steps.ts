import { type Authentication, createAuthenticate } from './authenticate.ts';
import type { HostAndOrigin } from './host-and-origin.ts';
import { createRequiredScopes } from './required-scopes.ts';
import type { RunningRequests } from './running-requests.ts';
import type { Step } from './step.ts';

export interface StepOptions {
  readonly hostAndOrigin: HostAndOrigin;
  readonly running: RunningRequests;
  readonly authentication: Authentication;
}

/**
 * Returns the steps of each request to a binding, in order. A page of a foreign origin learns nothing about the
 * gateway, not even that it is busy, and a busy gateway does not start to authenticate. Decisions that depend on the
 * binding, the tool or the tenant are made in gateway/, after routing.
 */
export const createSteps = ({
  hostAndOrigin,
  running,
  authentication,
  authentication: { requiredScopes = new Map() },
}: StepOptions): readonly Step[] => [
  hostAndOrigin,
  running,
  createAuthenticate(authentication),
  ...(requiredScopes.size === 0 ? [] : [createRequiredScopes(requiredScopes)]),
];
