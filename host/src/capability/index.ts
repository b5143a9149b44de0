import { z } from 'zod';
import { audit } from './audit.ts';
import type { Capability } from './capability.ts';
import { clock } from './clock.ts';
import { context } from './context.ts';
import { identityClaims } from './identity-claims.ts';
import { inertWasi } from './inert-wasi.ts';
import { kvStore } from './kv-store.ts';
import { log } from './log.ts';
import { metrics } from './metrics.ts';
import { outboundHttp } from './outbound-http.ts';
import { random } from './random.ts';
import { requestHeaders } from './request-headers.ts';
import { secretStore } from './secret-store.ts';
import { toolCall } from './tool-call.ts';

/** Every capability. A new one is two files and a line in the index of each folder. */
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
