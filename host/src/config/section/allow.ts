import { z } from 'zod';
import { matchesGlob } from '../../core/glob.ts';
import { isJsonObject, type JsonObject } from '../../core/json.ts';
import { nearest } from '../../core/nearest.ts';
import { memberAt } from '../member-at.ts';
import type { Path, Problem } from '../problem.ts';
import { text } from './fields.ts';
import { entries, entryPaths, listed, type Named } from './named.ts';

const globs = (description: string) => z.array(text).min(1).optional().describe(description);

/** A scope of OAuth (RFC 6749 § 3.3). It is part of a header of the answer when it is missing. */
const scope = z.string().regex(/^[\x21\x23-\x5b\x5d-\x7e]+$/, 'not a scope: it may not contain spaces, " and \\');

/** `allow` of a binding: who may do what. */
export const allow = z
  .array(
    z.strictObject({
      subjects: globs('Subjects of authenticated callers.'),
      tenants: globs('Tenants of authenticated callers.'),
      schemes: globs(
        'Ids of the identity schemes that authenticated the caller. `anonymous`, written out, stands for callers without credentials.',
      ),
      scopes: z
        .array(scope)
        .min(1)
        .optional()
        .describe('Scopes that the caller must have, all of them; without globs.'),
      claims: z
        .record(text, z.array(z.union([text, z.number(), z.boolean()]).transform(String)).min(1))
        .optional()
        .describe(
          'Claims by name, or by the dotted path to a nested one, each with its values. A list matches if one of its elements does.',
        ),
      upstreams: globs('Ids of upstreams of the binding.'),
      tools: globs('Tools, by the name that clients see.'),
      prompts: globs('Prompts, by the name that clients see.'),
      resources: globs('URIs of resources.'),
    }),
  )
  .min(1)
  .optional()
  .describe(
    'Who may do what. A call is allowed if one of the rules matches it; all fields of a rule must match, each by one of its values, in which * stands for any characters. A rule without tools, prompts and resources allows all of them; one with any of the three, only what it names.',
  );

/** The fields that no anonymous caller matches. */
const callerFields = ['subjects', 'tenants', 'scopes', 'claims'] as const;

/** Whether callers are identified. */
const isIdentityConfigured = (value: JsonObject) => isJsonObject(memberAt(value, ['identity']));

/** Reports rules of a binding that can never match. */
export function allowProblems(value: JsonObject, binding: Path): readonly Problem[] {
  const upstreams = listed(value, [...binding, 'upstreams']);
  const schemes = [...entries(value, ['identity', 'schemes']), { name: 'anonymous', path: [] }];
  return entryPaths(value, [...binding, 'allow']).flatMap(rule => [
    ...unmatched(upstreams, listed(value, [...rule, 'upstreams']), 'upstream of the binding'),
    ...(isIdentityConfigured(value) ? unmatched(schemes, listed(value, [...rule, 'schemes']), 'identity scheme') : []),
    ...(isIdentityConfigured(value) ? [] : needsIdentity(value, rule)),
  ]);
}

function unmatched(known: readonly Named[], used: readonly Named[], what: string): readonly Problem[] {
  const names = known.map(({ name }) => name);
  return used
    .filter(({ name }) => !names.some(id => matchesGlob(name, id)))
    .map(({ name, path }) => {
      const meant = nearest(name, names);
      const hint = meant === undefined ? `known: ${names.join(', ')}` : `did you mean ${meant}?`;
      return { path, message: `the rule can never match: no ${what} matches ${name}`, hint };
    });
}

const needsIdentity = (value: JsonObject, rule: Path): readonly Problem[] =>
  callerFields
    .filter(field => memberAt(value, [...rule, field]) !== undefined)
    .map(field => ({
      path: [...rule, field],
      message: 'the rule can never match: without `identity`, all callers are anonymous',
      hint: 'add an `identity` section, or remove the field',
    }));

/** Reports a binding that refuses everyone, because callers are identified and no rule allows them anything. */
export const allowWarnings = (value: JsonObject, { path, name }: Named): readonly Problem[] =>
  !isIdentityConfigured(value) || memberAt(value, [...path, 'allow']) !== undefined
    ? []
    : [
        {
          path,
          message: `the binding ${name} has no \`allow\`, so every call is refused; \`allow: [{}]\` allows every authenticated caller everything`,
        },
      ];
