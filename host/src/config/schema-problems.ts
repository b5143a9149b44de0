import type { z } from 'zod';
import { nearest } from '../core/nearest.ts';
import { expectedType } from './issue-text.ts';
import { configJsonSchema, knownKeys } from './json-schema.ts';
import { memberAt } from './member-at.ts';
import type { Problem } from './problem.ts';
import type { GrantsSchema } from './section/plugins.ts';

type Issue = z.core.$ZodIssue;

/** Converts zod's issues to problems: one for each unknown key, with the key that was probably meant. */
export function schemaProblems(error: z.ZodError, value: unknown, grants: GrantsSchema): readonly Problem[] {
  const schema = configJsonSchema(grants);
  const problemsOf = (issue: Issue, above: readonly PropertyKey[] = []): readonly Problem[] => {
    const path = [...above, ...issue.path];
    if (issue.code === 'unrecognized_keys') {
      const known = knownKeys(schema, path);
      return issue.keys.map(key => {
        const meant = nearest(key, known);
        const hint = meant ? `did you mean ${meant}?` : `known keys: ${known.join(', ')}`;
        return { path, key, message: `unknown key ${key}`, hint };
      });
    }
    if (issue.code === 'invalid_key') {
      const key = String(path.at(-1));
      return issue.issues.map(({ message }) => ({ path: path.slice(0, -1), key, message }));
    }
    if (issue.code === 'invalid_union') {
      const fitting = issue.errors.filter(branch =>
        branch.every(({ path }) => path.length > 0 || isUnknownKey(branch)),
      );
      if (fitting.length === 1) return (fitting[0] ?? []).flatMap(inner => problemsOf(inner, path));
    }
    if (path.length > 0 && issue.code === 'invalid_type' && memberAt(value, path) === undefined) {
      return [{ path, message: `${String(path.at(-1))} is missing`, hint: expectedType(issue.expected) }];
    }
    return [{ path, message: issue.message }];
  };
  return error.issues.flatMap(issue => problemsOf(issue));
}

const isUnknownKey = (branch: readonly Issue[]) => branch.every(({ code }) => code === 'unrecognized_keys');
