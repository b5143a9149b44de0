import { z } from 'zod';
import { pluginIdSchema } from '../../contract/plugin-descriptor.ts';
import { headerName } from '../../core/http-header.ts';
import { isJsonObject, type JsonObject } from '../../core/json.ts';
import { memberAt } from '../member-at.ts';
import type { Path, Problem } from '../problem.ts';
import { text } from './fields.ts';
import { duplicates, entryPaths, type Named, unknownNames } from './named.ts';
import { type RefusedSetting, refusedSettings } from './policies.ts';

/** The name of a header, in lower case. */
export const header = z
  .string()
  .regex(headerName, 'not the name of a header: expected letters, digits and hyphens')
  .transform(name => name.toLowerCase());

const globs = z.array(text).default([]);
const identityPlugin = pluginIdSchema.describe('The id of a plugin of kind identity.');

export const plugin = z
  .strictObject({
    id: identityPlugin,
    header: header.default('authorization').describe('The header whose content the plugin gets.'),
    authorization: z
      .string()
      .regex(/^[A-Za-z0-9-]{1,64}$/, 'the name of an authentication scheme, such as Bearer')
      .transform(name => name.toLowerCase())
      .optional()
      .describe(
        'The authentication scheme in the header `authorization` that the plugin is asked about. Default: any.',
      ),
    cache_seconds: z
      .int()
      .min(0)
      .max(3600)
      .default(60)
      .describe('How long an answer is remembered at most. 0 asks the plugin for each request.'),
    subjects: z
      .enum(['prefixed', 'as_stated'])
      .default('prefixed')
      .describe('Whether subjects begin with the id of the scheme and a colon, or are as the plugin states them.'),
    tenants: globs.describe('The tenants that the plugin may state, in which * stands for any characters.'),
    scopes: globs.describe(
      'The scopes that callers get if the plugin states them, in which * stands for any characters.',
    ),
    claims: z.array(text).default([]).describe('The names of the claims of the plugin that are kept.'),
  })
  .optional()
  .describe('A plugin of kind identity that is asked about credentials.');

export const checks = z
  .array(
    z.strictObject({
      plugin: identityPlugin,
      tenants: globs.describe('The tenants that the plugin may give to callers without one.'),
    }),
  )
  .default([])
  .describe('Plugins of kind identity that are called before and after each authentication, in this order.');

/** Lists the plugins that `identity` names. */
export const identityPlugins = (value: JsonObject): readonly Named[] =>
  [
    ...entryPaths(value, ['identity', 'schemes']).map(path => [...path, 'plugin', 'id']),
    ...entryPaths(value, ['identity', 'checks']).map(path => [...path, 'plugin']),
  ].flatMap(path => {
    const name = memberAt(value, path);
    return typeof name === 'string' ? [{ name, path }] : [];
  });

/** Settings that would let a request pass without the decision of a plugin. */
const refused: Readonly<Record<string, RefusedSetting>> = {
  on_error: {
    applies: stated => (isJsonObject(stated) ? Object.values(stated) : [stated]).some(action => action !== 'deny'),
    message: 'a plugin that fails while a caller is authenticated denies, so its only `on_error` is deny',
  },
  mode: {
    applies: stated => stated !== 'enforce',
    message: 'what a plugin decides about callers counts, so its only `mode` is enforce',
  },
  conditions: {
    applies: stated => Array.isArray(stated) && stated.length > 0,
    message: 'a plugin in `identity` is called for every request, so it has no `conditions`',
  },
};

/** Reports unknown plugins, settings that cannot apply to them, and credentials that belong to two schemes. */
export function identityPluginProblems(value: JsonObject, plugins: readonly Named[]): readonly Problem[] {
  const used = identityPlugins(value);
  const checked = entryPaths(value, ['identity', 'checks']).flatMap(path => {
    const name = memberAt(value, [...path, 'plugin']);
    return typeof name === 'string' ? [{ name, path }] : [];
  });
  return [
    ...unknownNames(plugins, used, 'plugin'),
    ...duplicates(checked, 'plugin'),
    ...refusedSettings(value, new Set(used.map(({ name }) => name)), refused),
    ...entryPaths(value, ['identity', 'schemes']).flatMap(scheme => headerProblems(value, scheme)),
  ];
}

function headerProblems(value: JsonObject, scheme: Path): readonly Problem[] {
  const named = lowerCase(memberAt(value, [...scheme, 'plugin', 'header'])) ?? 'authorization';
  const stated = memberAt(value, [...scheme, 'plugin']);
  if (!isJsonObject(stated)) return [];
  const path = [...scheme, 'plugin'];
  const found: Problem[] = [];
  if (named !== 'authorization' && stated.authorization !== undefined) {
    const message = `the header ${named} has no authentication scheme`;
    found.push({ path: [...path, 'authorization'], message, hint: 'remove the setting' });
  }
  const proxies = entryPaths(value, ['identity', 'schemes']).flatMap(other => {
    const headers = memberAt(value, [...other, 'proxy', 'headers']);
    return isJsonObject(headers) ? Object.values(headers).map(lowerCase) : [];
  });
  if (proxies.includes(named)) {
    const message = `the header ${named} belongs to a proxy already`;
    found.push({ path: [...path, 'header'], message, hint: 'let the plugin read another header' });
  }
  return found;
}

const lowerCase = (name: unknown) => (typeof name === 'string' ? name.toLowerCase() : undefined);
