import type { FailureAction, FailureCause } from './hook-call.ts';

/** Returns the same action for every cause of failure. */
export const everyCause = (action: FailureAction): Readonly<Record<FailureCause, FailureAction>> => ({
  trap: action,
  timeout: action,
  limit: action,
  invalid_output: action,
  unavailable: action,
  merge: action,
});

/**
 * How much the outcomes of a plugin count: all of them; all but blocks, which are only recorded; none, because it runs
 * beside the request; or it is not called.
 */
export const pluginModes = ['enforce', 'permissive', 'shadow', 'disabled'] as const;
export type PluginMode = (typeof pluginModes)[number];
/** The modes in which a plugin is called. */
export type CallingMode = Exclude<PluginMode, 'disabled'>;

/** Fields of a condition, each a list of globs. */
export const conditionFields = [
  'bindings',
  'upstreams',
  'tenants',
  'tools',
  'prompts',
  'resources',
  'users',
  'content_types',
] as const;
export type ConditionField = (typeof conditionFields)[number];

/** One entry of a plugin's `conditions`: all of its fields must match, each by one of its globs. */
export type Condition = { readonly [Field in ConditionField]?: readonly string[] | undefined };
