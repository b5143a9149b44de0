// Generated from registry.ts by tools/scripts/generate-capability-registries.ts; run `pnpm generate`.
import { auditInLane } from './audit/lane.ts';
import { clockInLane } from './clock/lane.ts';
import { contextInLane } from './context/lane.ts';
import { identityClaimsInLane } from './identity-claims/lane.ts';
import { inertWasiInLane } from './inert-wasi/lane.ts';
import { kvStoreInLane } from './kv-store/lane.ts';
import type { LaneSide } from './lane/lane-side.ts';
import { logInLane } from './log/lane.ts';
import { metricsInLane } from './metrics/lane.ts';
import { outboundHttpInLane } from './outbound-http/lane.ts';
import { randomInLane } from './random/lane.ts';
import { requestHeadersInLane } from './request-headers/lane.ts';
import { secretStoreInLane } from './secret-store/lane.ts';
import { toolCallInLane } from './tool-call/lane.ts';
import { upstreamHeadersInLane } from './upstream-headers/lane.ts';

/** The lane side of every capability, in the order of `capabilities`. */
export const laneSides = [
  logInLane,
  contextInLane,
  inertWasiInLane,
  clockInLane,
  randomInLane,
  outboundHttpInLane,
  kvStoreInLane,
  secretStoreInLane,
  metricsInLane,
  auditInLane,
  requestHeadersInLane,
  identityClaimsInLane,
  toolCallInLane,
  upstreamHeadersInLane,
] as readonly LaneSide[];
