import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { type FaultDetails, fail } from '../core/fault.ts';
import { authenticationHooks, federationHooks, hookNames } from './hook-name.ts';
import { kinds, type PluginKind } from './kinds.ts';
import { writtenPathProblem } from './written-path.ts';

/** A plugin id, which names log lines, metrics and lockfile entries: lower case, digits, dashes. */
export const pluginIdSchema = z
  .string()
  .regex(
    /^[a-z][a-z0-9-]{0,62}$/,
    'expected lower-case letters, digits and dashes, at most 63, starting with a letter',
  );

/** A capability name: `outbound_http`, or its alias `cap.host.outbound_http`. */
const capabilityNameSchema = z
  .string()
  .regex(/^(cap\.host\.)?[a-z][a-z0-9_]*$/, 'expected the name of a capability, such as outbound_http')
  .transform(name => name.replace(/^cap\.host\./, ''));

/** Semantic Versioning 2.0.0. */
const number = '(?:0|[1-9]\\d*)';
/** A pre-release identifier: numbers have no leading zero (Semantic Versioning 2.0.0, § 9). */
const identifier = `(?:${number}|\\d*[A-Za-z-][0-9A-Za-z-]*)`;
const versionPattern = new RegExp(
  `^${number}\\.${number}\\.${number}(?:-${identifier}(?:\\.${identifier})*)?(?:\\+[0-9A-Za-z-]+(?:\\.[0-9A-Za-z-]+)*)?$`,
);
const versionSchema = z.string().max(128).regex(versionPattern, 'expected a semantic version such as 0.1.0');

/**
 * `plugin.json`, a plugin's description of itself. It only requests capabilities; the operator's file grants them.
 * Unknown keys are refused.
 */
export const pluginDescriptorSchema = z
  .strictObject({
    $schema: z.string().optional(),
    id: pluginIdSchema,
    version: versionSchema,
    kind: z.enum(Object.keys(kinds) as [PluginKind, ...PluginKind[]]),
    hooks: z.array(z.enum(hookNames)).max(hookNames.length),
    description: z.string().max(4096).default(''),
    author: z.string().max(256).optional(),
    license: z.string().max(256).optional(),
    source: z.string().max(2048).optional(),
    tags: z.array(z.string().max(64)).max(32).default([]),
    required_capabilities: z.array(capabilityNameSchema).max(64).default([]),
    optional_capabilities: z.array(capabilityNameSchema).max(64).default([]),
    config_schema: z.record(z.string(), z.unknown()).optional(),
    default_config: z.record(z.string(), z.unknown()).optional(),
    writes: z.array(z.string().max(256)).max(64).optional(),
    api: z.literal('0.1'),
    limits: z
      .strictObject({
        memory_mib: z.number().int().min(1).max(4096).optional(),
        timeout_ms: z.number().int().min(1).max(600_000).optional(),
        cpu_ms: z.number().int().min(1).max(600_000).optional(),
      })
      .optional(),
    payload: z.array(z.literal('blob')).optional(),
    sequence: z.number().int().min(0).optional(),
    expires: z.iso.datetime().optional(),
  })
  .superRefine((descriptor, context) => {
    const { hooks, required_capabilities: required, optional_capabilities: optional } = descriptor;
    const refuse = (path: PropertyKey[], message: string) => context.addIssue({ code: 'custom', path, message });
    if (new Set(hooks).size < hooks.length) refuse(['hooks'], 'each hook may be named only once');
    for (const [place, path] of (descriptor.writes ?? []).entries()) {
      const problem = writtenPathProblem(path, hooks);
      if (problem !== undefined) refuse(['writes', place], problem);
    }
    if (descriptor.kind === 'transform' && hooks.length === 0) {
      refuse(['hooks'], 'a transform without a hook would never be called');
    }
    if (descriptor.kind === 'policy' && hooks.length > 0) {
      refuse(['hooks'], 'a policy has no hooks: it is called right before a request is sent');
    }
    const other = (own: readonly string[]) => hooks.some(hook => !own.includes(hook));
    if (descriptor.kind === 'identity' && other(authenticationHooks)) {
      refuse(['hooks'], `an identity plugin has no hooks but ${authenticationHooks.join(' and ')}`);
    }
    if (descriptor.kind === 'federation' && other(federationHooks)) {
      refuse(['hooks'], `a federation plugin has no hooks but ${federationHooks.join(', ')}`);
    }
    if (descriptor.kind === 'federation' && hooks.length === 0) {
      refuse(['hooks'], 'a federation plugin without a hook would never be called');
    }
    if (new Set([...required, ...optional]).size < required.length + optional.length) {
      refuse(['required_capabilities'], 'each capability may be named only once, as required or as optional');
    }
  })
  .meta({ title: 'Sallyport plugin descriptor' });

export type PluginDescriptor = z.infer<typeof pluginDescriptorSchema>;

/** The maximum nesting of a descriptor: enough for any `config_schema`, too little to exhaust a stack. */
const depthLimit = 64;

/**
 * Validates a descriptor from any origin: a file, a section, a manifest, the operator's configuration. `$schema` is for
 * editors and is removed.
 * @throws Fault `descriptor_invalid`, which names the first invalid field; `about` says whose descriptor it is
 */
export function parseDescriptor(value: unknown, about: FaultDetails = {}): PluginDescriptor {
  if (deeperThan(value, depthLimit)) {
    fail('descriptor_invalid', { ...about, what: `nested deeper than ${depthLimit} levels` });
  }
  const { data, error } = pluginDescriptorSchema.safeParse(value);
  if (data) {
    const { $schema: _, ...descriptor } = data;
    return descriptor;
  }
  const [issue] = error.issues;
  const path = issue?.path.map(String).join('.');
  return fail('descriptor_invalid', {
    ...about,
    ...(path ? { path } : {}),
    what: issue?.message ?? 'not a descriptor',
  });
}

/** Whether two parsed descriptors are equal. The order of keys does not matter, that of lists does. */
export const sameDescriptor = (one: PluginDescriptor, other: PluginDescriptor): boolean =>
  isDeepStrictEqual(JSON.parse(JSON.stringify(one)), JSON.parse(JSON.stringify(other)));

const deeperThan = (value: unknown, limit: number): boolean =>
  typeof value === 'object' &&
  value !== null &&
  (limit === 0 || Object.values(value).some(member => deeperThan(member, limit - 1)));
