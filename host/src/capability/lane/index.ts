import { auditInLane } from './audit.ts';
import { clockInLane } from './clock.ts';
import { contextInLane } from './context.ts';
import { identityClaimsInLane } from './identity-claims.ts';
import { inertWasiInLane } from './inert-wasi.ts';
import { kvStoreInLane } from './kv-store.ts';
import type { LaneSide } from './lane-side.ts';
import { logInLane } from './log.ts';
import { metricsInLane } from './metrics.ts';
import { outboundHttpInLane } from './outbound-http.ts';
import { randomInLane } from './random.ts';
import { requestHeadersInLane } from './request-headers.ts';
import { secretStoreInLane } from './secret-store.ts';
import { toolCallInLane } from './tool-call.ts';

/** What guests get of every capability, in the order of `capabilities`. */
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
] as readonly LaneSide[];
