import { z } from 'zod';
import { counts, time } from './time.ts';

const names = z.array(z.string());

const health = z.strictObject({
  state: z
    .enum(['active', 'held_back', 'disabled'])
    .describe(
      'Whether it is called: not while its breaker holds it back, nor while its mode or its `on_error` disable it.',
    ),
  since: time.optional().describe('Since when it is not called.'),
  cause: z
    .string()
    .optional()
    .describe('Why it is not called: `mode`, or the cause of the failure after which it was held back or disabled.'),
  shadow_dropped: z.int().optional().describe('Calls in shadow that were not made.'),
});

const signer = z.strictObject({
  by: z
    .enum(['trust', 'source', 'nobody'])
    .describe('Whose key was accepted: one of the trust store, the one pinned in its source, or none.'),
  id: z.string().optional().describe('The id of the key in the trust store.'),
  key: z.string().optional().describe('The SHA-256 of the public key.'),
});

const summary = {
  id: z.string(),
  version: z.string(),
  kind: z.string(),
  mode: z.enum(['enforce', 'permissive', 'shadow', 'disabled']),
  priority: z.number(),
  bindings: names.describe('The bindings that call it.'),
  digest: z.string(),
  signer,
  health,
};

export const pluginSummarySchema = z.strictObject(summary);

export const pluginStatsSchema = z.strictObject({
  id: z.string(),
  since: time.describe('When counting began: at the start, or at the last reset.'),
  calls: z.int(),
  hooks: z.array(
    z.strictObject({
      hook: z.string(),
      calls: z.int(),
      statuses: counts.describe('Calls by outcome.'),
      total_ms: z.number(),
      mean_ms: z.number(),
      p50_ms: z
        .number()
        .describe('Half of the calls took no longer. An estimate, as all percentiles: from a histogram.'),
      p95_ms: z.number(),
      p99_ms: z.number(),
    }),
  ),
  errors: counts.describe('Failed calls by cause.'),
  violations: counts.describe('Blocked requests by the code that the plugin gave.'),
  wall_ms: z.number(),
  cpu_ms: z.number(),
  host_calls: z.int().describe('Asynchronous calls of capabilities.'),
  fuel: z.number(),
  egress_bytes: z.number(),
  memory: z.strictObject({
    bytes: z.number().describe('The memory of its current instances.'),
    max_bytes: z.number().describe('The maximum since the start.'),
  }),
});

export const hookCallSchema = z.strictObject({
  time,
  request: z.string(),
  binding: z.string().optional(),
  hook: z.string(),
  outcome: z.string(),
  cause: z.string().optional().describe('Why the call failed.'),
  code: z.string().optional().describe('The code of a violation.'),
  ms: z.number(),
});

export const pluginSchema = z.strictObject({
  ...summary,
  author: z.string().optional(),
  tags: names,
  isolation: z.string(),
  provenance: z.strictObject({
    reference: z.string().describe('Where it was loaded from, as it is configured.'),
    manifest: z.string().optional().describe('The digest of the OCI manifest.'),
    digest: z.string().describe('The digest of the component.'),
    signer,
    verified: z.string().describe('How it was verified, in words.'),
  }),
  asked: z.strictObject({
    hooks: names.describe('The hooks that it is called for.'),
    capabilities: names.describe('The capabilities that its descriptor declares.'),
    imports: names.describe('The interfaces that its component imports.'),
  }),
  granted: names.describe('The capabilities that it may use, without those that every plugin has.'),
  refused: names.describe('Capabilities that it asks for and may not use: while it learns, or in shadow.'),
  limits: z.record(z.string(), z.number()),
  tenants: z
    .array(
      z.strictObject({ tenant: z.string(), members: names.describe('The members of its configuration that differ.') }),
    )
    .describe('Tenants with a configuration of their own.'),
  stats: pluginStatsSchema,
  recent: z.array(hookCallSchema).describe('Its latest calls, the newest first, without what was in them.'),
});

export type PluginSummary = z.input<typeof pluginSummarySchema>;
export type PluginDetails = z.input<typeof pluginSchema>;
export type PluginStats = z.input<typeof pluginStatsSchema>;
export type HookCall = z.input<typeof hookCallSchema>;
