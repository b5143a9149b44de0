// Generated from registry.ts by tools/scripts/generate-capability-registries.ts; run `pnpm generate`.
import { auditCanned } from './audit/canned.ts';
import type { Canned } from './canned.ts';
import { clockCanned } from './clock/canned.ts';
import { identityClaimsCanned } from './identity-claims/canned.ts';
import { kvStoreCanned } from './kv-store/canned.ts';
import { metricsCanned } from './metrics/canned.ts';
import { outboundHttpCanned } from './outbound-http/canned.ts';
import { randomCanned } from './random/canned.ts';
import { requestHeadersCanned } from './request-headers/canned.ts';
import { secretStoreCanned } from './secret-store/canned.ts';
import { toolCallCanned } from './tool-call/canned.ts';
import { upstreamHeadersCanned } from './upstream-headers/canned.ts';

/** How `sallyport plugin test` answers for every capability that is granted by name. */
export const cannedCapabilities: Readonly<Record<string, Canned>> = {
  clock: clockCanned,
  random: randomCanned,
  outbound_http: outboundHttpCanned,
  kv_store: kvStoreCanned,
  secret_store: secretStoreCanned,
  metrics: metricsCanned,
  audit: auditCanned,
  request_headers: requestHeadersCanned,
  identity_claims: identityClaimsCanned,
  tool_call: toolCallCanned,
  upstream_headers: upstreamHeadersCanned,
};
