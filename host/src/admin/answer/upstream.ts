import { z } from 'zod';
import { counts, time } from './time.ts';

export const upstreamSchema = z.strictObject({
  id: z.string(),
  kind: z.enum(['http', 'stdio', 'openapi']),
  url: z.string().optional().describe('Without user and query.'),
  required: z.boolean(),
  reachable: z.boolean(),
  bindings: z.array(z.string()),
  server: z.strictObject({ name: z.string(), version: z.string() }).optional(),
  revision: z.string().optional().describe('The version of MCP that it speaks.'),
  connections: z.int(),
  requests: counts.describe('Requests by outcome: result, error, failed or cancelled.'),
  instances: z
    .array(z.strictObject({ id: z.string(), healthy: z.boolean() }))
    .optional()
    .describe('Present where several servers do the same.'),
  last_failure: z.strictObject({ at: time, code: z.string(), hint: z.string() }).optional(),
});

export type UpstreamReport = z.input<typeof upstreamSchema>;

export const bindingSchema = z.strictObject({
  id: z.string(),
  default: z.boolean().describe('Whether `/mcp` serves it too.'),
  upstreams: z.array(z.string()),
  transforms: z.array(z.string()),
  policies: z.array(z.string()),
  rules: z.int().optional().describe('How many rules `allow` has; absent without it.'),
  required_scopes: z.array(z.string()),
  tool_search: z.boolean(),
  unhooked: z.enum(['drop', 'pass']),
  sessions: z.int(),
});

export type BindingReport = z.input<typeof bindingSchema>;
