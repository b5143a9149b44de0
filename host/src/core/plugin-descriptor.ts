import { z } from 'zod';
import { hookNames } from './hook-name.ts';

export const pluginKinds = ['transform', 'identity', 'policy', 'tools', 'sink', 'router'] as const;

/** Plugin ids name log lines, metrics and lockfile entries: lower case, digits, dashes. */
export const pluginIdSchema = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,62}$/, 'lower-case letters, digits and dashes, at most 63, starting with a letter');

/** `outbound_http`; `cap.host.outbound_http` is read as the same. */
const capabilityNameSchema = z
  .string()
  .regex(/^(cap\.host\.)?[a-z][a-z0-9_]*$/, 'a capability name such as outbound_http')
  .transform(name => name.replace(/^cap\.host\./, ''));

/** Semantic Versioning 2.0.0. */
const versionSchema = z
  .string()
  .max(128)
  .regex(
    /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?$/,
    'a semantic version such as 0.1.0',
  );

/** `plugin.json`: what a plugin says of itself. It asks; only the operator's file grants. Unknown keys are refused. */
export const pluginDescriptorSchema = z
  .strictObject({
    $schema: z.string().optional(),
    id: pluginIdSchema,
    version: versionSchema,
    kind: z.enum(pluginKinds),
    hooks: z.array(z.enum(hookNames)).max(hookNames.length),
    description: z.string().max(4096).default(''),
    license: z.string().max(256).optional(),
    source: z.string().max(2048).optional(),
    tags: z.array(z.string().max(64)).max(32).default([]),
    required_capabilities: z.array(capabilityNameSchema).max(64).default([]),
    optional_capabilities: z.array(capabilityNameSchema).max(64).default([]),
    config_schema: z.record(z.string(), z.unknown()).optional(),
    api: z.literal('0.1'),
    limits: z
      .strictObject({
        memory_mib: z.number().int().min(1).max(4096).optional(),
        timeout_ms: z.number().int().min(1).max(600_000).optional(),
      })
      .optional(),
    payload: z.array(z.literal('blob')).optional(),
    sequence: z.number().int().min(0).optional(),
    expires: z.iso.datetime().optional(),
  })
  .meta({ id: 'plugin.json', title: 'Sallyport plugin descriptor' });

export type PluginDescriptor = z.infer<typeof pluginDescriptorSchema>;
