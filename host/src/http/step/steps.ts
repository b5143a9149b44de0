import type { Principal } from '../../identity/principal.ts';
import { type AuditRoom, createAuditRoom } from './audit-room.ts';
import { type Authentication, createAuthenticate } from './authenticate.ts';
import { createDefaultBinding } from './default-binding.ts';
import type { HostAndOrigin } from './host-and-origin.ts';
import { createRequiredScopes } from './required-scopes.ts';
import type { RunningRequests } from './running-requests.ts';
import type { Arrival, Step } from './step.ts';
import { createVerifiedConnection } from './verified-connection.ts';

export interface StepOptions {
  readonly hostAndOrigin: HostAndOrigin;
  readonly running: RunningRequests;
  readonly authentication: Authentication;
  /** Returns the id of the binding for a caller whose tenant decides; absent if that is the case nowhere. */
  readonly defaultFor?: ((caller: Principal) => string | undefined) | undefined;
  /** Whether the certificate of the connection was verified with authorities or revocations that have been replaced. */
  readonly isUnverified?: ((arrival: Arrival) => boolean) | undefined;
  /** What requests wait for while the audit log is full; absent if calls are not recorded there. */
  readonly auditRoom?: AuditRoom | undefined;
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
  defaultFor,
  isUnverified,
  auditRoom,
}: StepOptions): readonly Step[] => [
  hostAndOrigin,
  running,
  ...(isUnverified === undefined ? [] : [createVerifiedConnection(isUnverified)]),
  createAuthenticate(authentication),
  ...(defaultFor === undefined ? [] : [createDefaultBinding(defaultFor)]),
  ...(requiredScopes.size === 0 ? [] : [createRequiredScopes(requiredScopes)]),
  ...(auditRoom === undefined ? [] : [createAuditRoom(auditRoom)]),
];
