import { z } from 'zod';
import type { JsonObject } from '../../core/json.ts';
import { memberAt } from '../member-at.ts';
import type { Problem } from '../problem.ts';
import { oneOf, text } from './fields.ts';
import { duplicates, entries, entryPaths, type Named } from './named.ts';
import { type Files, section } from './section.ts';

const name = z.string().regex(/^[a-z][a-z0-9_-]{0,62}$/, 'expected lower-case letters, digits, dashes and underscores');
const place = {
  env: text.optional().describe("A variable of the gateway's environment."),
  file: text
    .optional()
    .describe('A file that contains the value, relative to this file; it is read again when it changes.'),
};
const alternatives = (names: readonly string[]) => ({ oneOf: names.map(each => ({ required: [each] })) });

const secret = z
  .strictObject({
    name,
    ...place,
    per_tenant: z
      .literal(true)
      .optional()
      .describe('There is no value but those of tenants; callers of other tenants get none.'),
  })
  .superRefine(oneOf(['env', 'file', 'per_tenant']))
  .meta(alternatives(['env', 'file', 'per_tenant']));

/** A tenant's own value of a secret. */
export const tenantSecret = z
  .strictObject({ name, ...place })
  .superRefine(oneOf(['env', 'file']))
  .meta(alternatives(['env', 'file']));

/** The names of secrets, to check the names that grants use. */
export const secretNames = (value: JsonObject): readonly Named[] => entries(value, ['secrets'], 'name');

/** Reports secrets that tenants have values of, in places that serve all callers alike. */
export function sharedUseProblems(value: JsonObject, used: readonly Named[]): readonly Problem[] {
  const perTenant = secretNames(value).filter(({ path }) => memberAt(value, [...path, 'per_tenant']) !== undefined);
  const ofTenants = entryPaths(value, ['tenants']).flatMap(path => entries(value, [...path, 'secrets'], 'name'));
  const names = new Set([...perTenant, ...ofTenants].map(each => each.name));
  return used
    .filter(each => names.has(each.name))
    .map(({ name: secretName, path }) => ({
      path,
      message: `tenants have values of their own of the secret ${secretName}, and all callers share this one`,
      hint: 'name another secret here',
    }));
}

/** Returns the same entries with absolute paths. */
export const withAbsoluteFile = <S extends { readonly file?: string | undefined }>(
  secrets: readonly S[],
  files: Files,
): S[] => secrets.map(each => (each.file === undefined ? each : { ...each, file: files.absolute(each.file) }));

/** `secrets`: values that grants of `secret_store` and `auth` of upstreams can name. */
export const secretsSection = section({
  shape: {
    secrets: z
      .array(secret)
      .default([])
      .describe('Secrets that grants of secret_store and auth of upstreams can name.'),
  },
  finish: ({ secrets }, files) => ({ secrets: withAbsoluteFile(secrets, files) }),
  problems: value => duplicates(secretNames(value), 'name'),
});
