import { z } from 'zod';
import { type ConditionField, conditionFields } from '../../contract/hook-policy.ts';
import { matchesGlob } from '../../core/glob.ts';
import type { JsonObject } from '../../core/json.ts';
import { nearest } from '../../core/nearest.ts';
import type { Path, Problem } from '../problem.ts';
import { text } from './fields.ts';
import { entries, entryPaths, listed } from './named.ts';

const descriptions: Readonly<Record<ConditionField, string>> = {
  bindings: 'Ids of bindings.',
  upstreams: 'Ids of upstreams.',
  tenants: 'Tenants of authenticated callers. A caller without a tenant does not match.',
  tools: 'Tools, by their own name or as `upstream__tool`.',
  prompts: 'Prompts, by their own name or as `upstream__prompt`.',
  resources: 'URIs of resources that are read.',
  users: 'Subjects of authenticated callers. An anonymous caller does not match.',
  content_types: 'Media types of the content of results, prompts and resources; after hooks only.',
};

/** `conditions` of a plugin: the calls that it sees. */
export const conditions = z
  .array(
    z.strictObject(
      Object.fromEntries(
        conditionFields.map(field => [field, z.array(text).optional().describe(descriptions[field])]),
      ) as { readonly [Field in ConditionField]: z.ZodOptional<z.ZodArray<typeof text>> },
    ),
  )
  .default([])
  .describe(
    'The hook calls that the plugin sees: those that match one of the entries, all of them if there are none. All fields of an entry must match, each by one of its values; * stands for any characters, and a field that does not apply to a hook is ignored.',
  );

/** Reports names of bindings and upstreams in the conditions of a plugin that match nothing in the configuration. */
export function conditionProblems(value: JsonObject, plugin: Path): readonly Problem[] {
  return entryPaths(value, [...plugin, 'conditions']).flatMap(path =>
    (['bindings', 'upstreams'] as const).flatMap(field => {
      const known = entries(value, [field]).map(({ name }) => name);
      return listed(value, [...path, field])
        .filter(({ name }) => !known.some(id => matchesGlob(name, id)))
        .map(({ name, path: place }) => {
          const meant = nearest(name, known);
          const hint = meant === undefined ? `known ${field}: ${known.join(', ') || 'none'}` : `did you mean ${meant}?`;
          return {
            path: place,
            message: `the condition can never match: no ${field.slice(0, -1)} matches ${name}`,
            hint,
          };
        });
    }),
  );
}
