import { z } from 'zod';
import type { FailureAction, FailureCause } from '../../contract/hook-call.ts';
import { hookNames } from '../../contract/hook-name.ts';
import { pluginModes } from '../../contract/hook-policy.ts';
import { pluginDescriptorSchema, pluginIdSchema } from '../../contract/plugin-descriptor.ts';
import { canBeginWith } from '../../core/glob.ts';
import type { JsonObject } from '../../core/json.ts';
import { memberAt } from '../member-at.ts';
import type { Path, Place, Problem } from '../problem.ts';
import { conditionProblems, conditions } from './conditions.ts';
import { federationPlugins } from './federation.ts';
import { count, fuelUnits, memoryMib, milliseconds, oneOf, text } from './fields.ts';
import { identityPlugins } from './identity-plugins.ts';
import { duplicates, entries, listed, type Named, unknownNames } from './named.ts';
import { onError } from './on-error.ts';
import { pluginSettingsSection, withPluginSettings } from './plugin-settings.ts';
import { policyIds } from './policies.ts';
import { secretNames } from './secrets.ts';
import { type Files, section } from './section.ts';

/** The schema of a plugin's `grants`. The capabilities provide it, because the configuration knows none of them. */
export type GrantsSchema = z.ZodType<Readonly<Record<string, unknown>>>;

const source = z
  .strictObject({
    oci: text.optional().describe('An OCI reference: registry/repository:tag, or @sha256:… to pin it.'),
    oci_layout: text.optional().describe('A folder with an OCI image layout, relative to this file.'),
    file: text.optional().describe('A component, relative to this file, with its signature next to it as X.sig.'),
    public_key: text.optional().describe('PEM of the only key that is trusted for this plugin.'),
    public_key_file: text.optional(),
    allow_inline: z
      .boolean()
      .optional()
      .describe(
        'Whether a plugin that this public key signed may run on the thread of the gateway: isolation: inline.',
      ),
  })
  .superRefine(oneOf(['oci', 'oci_layout', 'file']))
  .superRefine(oneOf(['public_key', 'public_key_file'], true))
  .superRefine(({ public_key, public_key_file, allow_inline }, context) => {
    if (allow_inline === undefined || public_key !== undefined || public_key_file !== undefined) return;
    const message = 'belongs to the public_key beside it; for a key of trust.keys, write inline: true there';
    context.addIssue({ code: 'custom', path: ['allow_inline'], message });
  })
  .meta({ oneOf: ['oci', 'oci_layout', 'file'].map(name => ({ required: [name] })) });

/**
 * The source of a plugin, and the PEM of the only key that is trusted for it, if one is set, with whether what it signed
 * may run inline.
 */
export type SourceConfig = { readonly public_key?: string; readonly allow_inline?: boolean } & (
  | { readonly oci: string; readonly oci_layout?: never; readonly file?: never }
  | { readonly oci?: never; readonly oci_layout: string; readonly file?: never }
  | { readonly oci?: never; readonly oci_layout?: never; readonly file: string }
);

const defaultPriority = 100;

const plugin = (grants: GrantsSchema) =>
  z.strictObject({
    id: pluginIdSchema,
    source,
    descriptor: pluginDescriptorSchema.optional().describe('The descriptor, for a component without one.'),
    grants: z
      .union([grants, z.literal('learn')])
      .default({})
      .describe('What the plugin may do. `learn` grants nothing, and records what the plugin tries to do.'),
    config: z
      .unknown()
      .optional()
      .describe(
        'A JSON object, which is passed to the plugin when it is configured. Default: the default_config of its descriptor.',
      ),
    hooks: z
      .array(z.enum(hookNames))
      .min(1)
      .optional()
      .describe("The hooks that the plugin is called for: some of its descriptor's. Default: all of them."),
    tags: z
      .array(
        z.string().regex(/^[a-z0-9][a-z0-9_.-]{0,63}$/, 'lower-case letters, digits, dots, dashes and underscores'),
      )
      .max(32)
      .optional()
      .describe("Words to find the plugin by. Default: its descriptor's."),
    priority: z
      .int()
      .optional()
      .meta({ default: defaultPriority })
      .describe('Plugins with lower numbers run earlier; among equals, the order of this file counts.'),
    mode: z
      .enum(pluginModes)
      .default('enforce')
      .describe(
        'Whether blocks count (enforce), are only recorded (permissive), the plugin runs beside requests and nothing counts (shadow), or it is not called (disabled).',
      ),
    conditions,
    on_error: onError,
    breaker: z
      .strictObject({ failures: count.default(20), open_ms: milliseconds.optional() })
      .prefault({})
      .describe('After this many failures in a row, calls are held back for this long; then one is let through.'),
    isolation: z
      .enum(['pooled', 'tenant', 'fresh', 'process', 'inline'])
      .default('pooled')
      .describe(
        'What shares an instance: all calls (pooled), calls of one tenant, or none (fresh). All calls share it in a process of its own (process), and on the thread of the gateway (inline).',
      ),
    limits: z
      .strictObject({
        memory_mib: memoryMib.optional(),
        timeout_ms: milliseconds.optional(),
        cpu_ms: milliseconds.optional(),
        fuel: fuelUnits.optional(),
      })
      .prefault({}),
  });

type Parsed = z.output<ReturnType<typeof plugin>>;

export type PluginConfig = Omit<Parsed, 'source' | 'config' | 'priority' | 'on_error' | 'breaker'> & {
  readonly on_error: Readonly<Record<FailureCause, FailureAction>>;
  readonly breaker: { readonly failures: number; readonly open_ms: number };
  readonly source: SourceConfig;
  readonly config: unknown;
  readonly priority: number;
  /** Whether the operator stated the priority. Only then the plugin can run at the same time as others. */
  readonly isPriorityStated?: boolean;
  readonly configPlace?: ConfigPlace;
  /** What differs for a tenant, from `plugins` of the tenant. */
  readonly overrides?: readonly ConfigOverride[];
};

/** Returns the place of a part of a plugin's `config` in the file; with `key`, that of a member's name. */
export type ConfigPlace = (path: Path, key?: string) => Place;

/** The members of a plugin's `config` that are replaced for a tenant. */
export interface ConfigOverride {
  readonly tenant: string;
  readonly config: Readonly<Record<string, unknown>>;
  readonly configPlace: ConfigPlace;
}

const sources = (value: JsonObject, member: string): readonly Path[] =>
  entries(value, ['plugins']).map(({ path }) => [...path, 'source', member]);

/** `plugins`: which plugins are loaded, from where, and with which rights. */
export const pluginsSection = (grants: GrantsSchema) =>
  section({
    shape: { plugins: z.array(plugin(grants)).default([]), ...pluginSettingsSection.shape },
    finish: ({ plugins, plugin_settings }, files) => ({
      plugins: plugins.map(
        ({ source: stated, config, priority, on_error, breaker, ...each }): PluginConfig => ({
          ...each,
          ...withPluginSettings({ on_error, breaker }, plugin_settings),
          priority: priority ?? defaultPriority,
          isPriorityStated: priority !== undefined,
          config,
          source: finishSource(stated, files),
        }),
      ),
    }),
    ...pluginsChecks,
  });

/** The checks of the section that do not need the schema of grants. */
export const pluginsChecks = {
  keyFiles: (value: JsonObject) => sources(value, 'public_key_file'),
  publicKeys: (value: JsonObject) => sources(value, 'public_key'),
  references: (value: JsonObject) => sources(value, 'oci'),
  problems(value: JsonObject): readonly Problem[] {
    const plugins = entries(value, ['plugins']);
    const secrets = secretNames(value);
    return [
      ...duplicates(plugins),
      ...plugins.flatMap(({ path }) => unknownNames(secrets, secretsUsed(value, path), 'secret')),
      ...plugins.flatMap(({ path }) => conditionProblems(value, path)),
    ];
  },
  warnings: (value: JsonObject): readonly Problem[] => [
    ...unusedPlugins(value),
    ...unreachableTools(value),
    ...unenforcedPlugins(value),
  ],
};

function finishSource(stated: Parsed['source'], files: Files): SourceConfig {
  const { oci, oci_layout, file, public_key, public_key_file, allow_inline } = stated;
  const pinned = public_key_file === undefined ? public_key : files.keyText(public_key_file);
  const key = pinned === undefined ? {} : { public_key: pinned, ...(allow_inline !== undefined && { allow_inline }) };
  if (oci !== undefined) return { oci, ...key };
  if (oci_layout !== undefined) return { oci_layout: files.absolute(oci_layout), ...key };
  return { file: files.absolute(file ?? ''), ...key };
}

/** Lists the secrets that the grants of a plugin name. */
function secretsUsed(value: JsonObject, pluginPath: Path): readonly Named[] {
  const path = [...pluginPath, 'grants', 'secret_store'];
  const byReference = entries(value, [...path, 'references'], 'name')
    .filter(({ name }) => name !== '')
    .map(({ name, path: reference }) => ({ name, path: [...reference, 'name'] }));
  return [...listed(value, [...path, 'names']), ...byReference];
}

/** Reports plugins that no binding uses, which is valid but rarely intended. */
function unusedPlugins(value: JsonObject): readonly Problem[] {
  const listedIn = entries(value, ['bindings']).flatMap(({ path }) => [
    ...listed(value, [...path, 'transforms']),
    ...listed(value, [...path, 'policies']),
  ]);
  const others = [...identityPlugins(value), ...federationPlugins(value)];
  const used = new Set([...listedIn, ...others].map(({ name }) => name));
  return entries(value, ['plugins'])
    .filter(({ name }) => !used.has(name))
    .map(({ name, path }) => ({
      path,
      message: `no binding uses the plugin ${name}, nor does \`identity\` or \`federation\``,
    }));
}

/** What a mode means that protects nothing, by mode. */
const unprotected: Readonly<Record<string, (name: string) => string>> = {
  permissive: name => `blocks of the plugin ${name} are only recorded`,
  shadow: name => `the plugin ${name} runs beside requests: what it would block or change is only recorded`,
};

/** Warns of plugins whose blocks do not count. */
function unenforcedPlugins(value: JsonObject): readonly Problem[] {
  const policies = policyIds(value);
  return entries(value, ['plugins']).flatMap(({ name, path }) => {
    const mode = String(memberAt(value, [...path, 'mode']));
    const message = mode === 'permissive' && policies.has(name) ? permissivePolicy(name) : unprotected[mode]?.(name);
    const hint = 'set mode: enforce once the log shows that it does what it should';
    return message === undefined ? [] : [{ path: [...path, 'mode'], message, hint }];
  });
}

const permissivePolicy = (name: string) => `denials and failures of the policy ${name} are only recorded`;

/**
 * Reports tools in a `tool_call` grant that no binding of the plugin can have: with several upstreams, names begin with
 * the id of one. With a single upstream any name is possible.
 */
function unreachableTools(value: JsonObject): readonly Problem[] {
  const bindings = entries(value, ['bindings']);
  return entries(value, ['plugins']).flatMap(({ name: id, path }) => {
    const upstreams = bindings
      .filter(binding => listed(value, [...binding.path, 'transforms']).some(({ name }) => name === id))
      .map(binding => listed(value, [...binding.path, 'upstreams']).map(({ name }) => `${name}__`));
    if (upstreams.length === 0 || upstreams.some(prefixes => prefixes.length < 2)) return [];
    const prefixes = [...new Set(upstreams.flat())];
    return listed(value, [...path, 'grants', 'tool_call', 'tools'])
      .filter(({ name }) => !prefixes.some(prefix => canBeginWith(name, prefix)))
      .map(tool => ({
        path: tool.path,
        message: `no binding with the plugin ${id} can have a tool named ${tool.name}`,
        hint: `with several upstreams, names begin with ${prefixes.join(', ')}`,
      }));
  });
}
