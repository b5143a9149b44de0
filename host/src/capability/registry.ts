import { z } from 'zod';
import { audit } from './audit/gateway.ts';
import type { Capability } from './capability.ts';
import { clock } from './clock/gateway.ts';
import { context } from './context/gateway.ts';
import { identityClaims } from './identity-claims/gateway.ts';
import { inertWasi } from './inert-wasi/gateway.ts';
import { kvStore } from './kv-store/gateway.ts';
import { log } from './log/gateway.ts';
import { metrics } from './metrics/gateway.ts';
import { outboundHttp } from './outbound-http/gateway.ts';
import { random } from './random/gateway.ts';
import { requestHeaders } from './request-headers/gateway.ts';
import { secretStore } from './secret-store/gateway.ts';
import { toolCall } from './tool-call/gateway.ts';
import { upstreamHeaders } from './upstream-headers/gateway.ts';

/**
 * Lists every capability. A new one is its WIT, a folder here and a line in this list. The folder has `gateway.ts` (name,
 * grant, risk, the gateway's side), `lane.ts` (what guests get), `canned.ts` (how `plugin test` answers for it) and
 * `refusal.case.ts` (how it refuses). `pnpm generate` derives the rest: the registries of lanes and of cases, the worlds
 * and SDKs of authors, the schema of the configuration, docs/capabilities.md and the tables of the guides.
 */
export const capabilities: readonly Capability[] = [
  log,
  context,
  inertWasi,
  clock,
  random,
  outboundHttp,
  kvStore,
  secretStore,
  metrics,
  audit,
  requestHeaders,
  identityClaims,
  toolCall,
  upstreamHeaders,
];

/** The `grants:` of one plugin in the operator's file: capability name → its argument. */
export const grantsSchema = z
  .strictObject(
    Object.fromEntries(
      capabilities
        .filter(capability => capability.always !== true)
        .map(capability => [capability.name, capability.grant.describe(capability.risk).optional()]),
    ) as Record<string, z.ZodOptional<z.ZodType>>,
  )
  .meta({ title: 'Grants' });
