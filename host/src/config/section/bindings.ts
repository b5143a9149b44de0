import { z } from 'zod';
import { pluginIdSchema } from '../../contract/plugin-descriptor.ts';
import { memberAt } from '../member-at.ts';
import { allow, allowProblems, allowWarnings } from './allow.ts';
import { requiredScopesProblems, scope } from './identity-oauth.ts';
import { duplicates, entries, listed, unknownNames } from './named.ts';
import { policyProblems } from './policies.ts';
import { section } from './section.ts';

/** How many tools a search returns by default. */
const defaultResults = 10;

export const bindingSchema = z.strictObject({
  id: pluginIdSchema.describe('Served at /mcp/{id}.'),
  upstreams: z.array(z.string()).min(1),
  transforms: z.array(z.string()).default([]).describe('Ids of plugins.'),
  policies: z
    .array(z.string())
    .default([])
    .describe('Ids of plugins that decide about each request right before it is sent, and about entries of lists.'),
  allow,
  default: z
    .boolean()
    .default(false)
    .describe('Whether the binding is also served at /mcp. If no binding is, the first one is.'),
  tool_search: z
    .union([z.boolean(), z.strictObject({ results: z.int().min(1).max(50).default(defaultResults) })])
    .default(false)
    .transform(stated => (stated === true ? { results: defaultResults } : stated || undefined))
    .describe(
      'Whether clients find, describe and call tools with search_tools, describe_tool and call_tool, instead of a list of all; `results` is how many tools a search returns.',
    ),
  required_scopes: z.array(scope).default([]).describe('Scopes that a caller needs for every request.'),
  unhooked: z
    .enum(['drop', 'pass'])
    .default('drop')
    .describe(
      'What happens to log messages, progress messages and error texts of upstreams, which no hook sees, if a plugin has an after hook.',
    ),
});

/** `bindings` of a program that registers upstreams: a binding may have none at first. */
export const openEndedBindings = {
  bindings: z.array(bindingSchema.extend({ upstreams: z.array(z.string()).default([]) })).min(1),
};

/** `bindings`: which upstreams clients see at which path, through which plugins. */
export const bindingsSection = section({
  shape: { bindings: z.array(bindingSchema).min(1) },
  finish({ bindings }) {
    const firstIsDefault = !bindings.some(each => each.default);
    return {
      /** Sets `default` to true only for the binding that `/mcp` serves. */
      bindings: bindings.map((each, index) => (index === 0 && firstIsDefault ? { ...each, default: true } : each)),
    };
  },
  problems(value) {
    const bindings = entries(value, ['bindings']);
    const upstreams = entries(value, ['upstreams']);
    const plugins = entries(value, ['plugins']);
    const perBinding = bindings.flatMap(({ path }) => {
      const used = listed(value, [...path, 'upstreams']);
      const transforms = listed(value, [...path, 'transforms']);
      const policies = listed(value, [...path, 'policies']);
      return [
        ...duplicates(used),
        ...duplicates(transforms),
        ...unknownNames(upstreams, used, 'upstream'),
        ...unknownNames(plugins, transforms, 'plugin'),
        ...duplicates(policies),
        ...unknownNames(plugins, policies, 'plugin'),
        ...allowProblems(value, path),
        ...requiredScopesProblems(value, path),
      ];
    });
    const furtherDefaults = bindings
      .map(({ path }) => [...path, 'default'])
      .filter(path => memberAt(value, path) === true)
      .slice(1)
      .map(path => ({
        path,
        message: 'another binding is already the default',
        hint: 'keep `default: true` only on the binding that /mcp should serve',
      }));
    return [...duplicates(bindings), ...perBinding, ...policyProblems(value), ...furtherDefaults];
  },
  warnings: value => entries(value, ['bindings']).flatMap(binding => allowWarnings(value, binding)),
});
