import { z } from 'zod';
import type { JsonObject } from '../../core/json.ts';
import { oneOf, text } from './fields.ts';
import { duplicates, entries, type Named } from './named.ts';
import { section } from './section.ts';

const secret = z
  .strictObject({
    name: z.string().regex(/^[a-z][a-z0-9_-]{0,62}$/, 'expected lower-case letters, digits, dashes and underscores'),
    env: text.optional().describe("A variable of the gateway's environment."),
    file: text
      .optional()
      .describe('A file that contains the value, relative to this file; it is read again when it changes.'),
  })
  .superRefine(oneOf(['env', 'file']))
  .meta({ oneOf: [{ required: ['env'] }, { required: ['file'] }] });

/** The names of secrets, to check the names that grants use. */
export const secretNames = (value: JsonObject): readonly Named[] => entries(value, ['secrets'], 'name');

/** `secrets`: values that grants of `secret_store` and `auth` of upstreams can name. */
export const secretsSection = section({
  shape: {
    secrets: z
      .array(secret)
      .default([])
      .describe('Secrets that grants of secret_store and auth of upstreams can name.'),
  },
  finish: ({ secrets }, files) => ({
    secrets: secrets.map(({ file, ...each }) => (file === undefined ? each : { ...each, file: files.absolute(file) })),
  }),
  problems: value => duplicates(secretNames(value), 'name'),
});
