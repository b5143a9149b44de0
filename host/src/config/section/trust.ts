import { z } from 'zod';
import { oneOf, text } from './fields.ts';
import { duplicates, entries, entryPaths } from './named.ts';
import { section } from './section.ts';

const instant = z.iso.datetime({ offset: true, error: 'expected a time such as 2026-12-31T23:59:59Z' });
const digest = z.string().regex(/^sha256:[0-9a-f]{64}$/, 'expected sha256: and 64 lower-case hex digits');

const trustKey = z
  .strictObject({
    id: text,
    pem: text.optional().describe('The public key, SPKI PEM.'),
    file: text.optional().describe('A file with the PEM, relative to this file.'),
    scopes: z
      .array(text)
      .min(1)
      .optional()
      .describe('Repositories that the key may sign for: ghcr.io/acme/* (one component) or ghcr.io/acme/** (any).'),
    not_before: instant.optional(),
    not_after: instant.optional(),
    status: z.enum(['active', 'revoked']).default('active'),
    inline: z
      .boolean()
      .optional()
      .describe('Whether plugins that it signed may run on the thread of the gateway: isolation: inline.'),
  })
  .superRefine(oneOf(['pem', 'file']))
  .meta({ oneOf: [{ required: ['pem'] }, { required: ['file'] }] });

const keys = ['trust', 'keys'] as const;

/** `require_signed_plugins`, `trust`: whose signatures are trusted. */
export const trustSection = section({
  shape: {
    require_signed_plugins: z.boolean().default(true),
    trust: z
      .strictObject({
        keys: z.array(trustKey).default([]),
        revoked_digests: z.array(digest).default([]),
      })
      .prefault({}),
  },
  finish: ({ trust }, files) => ({
    trust: {
      revoked_digests: trust.revoked_digests,
      /** Adds the PEM to each key, also to those that the file names by path. */
      keys: trust.keys.map(({ pem, file, ...key }) => ({ ...key, pem: pem ?? files.keyText(file ?? '') })),
    },
  }),
  keyFiles: value => entryPaths(value, keys).map(path => [...path, 'file']),
  publicKeys: value => entryPaths(value, keys).map(path => [...path, 'pem']),
  problems: value => duplicates(entries(value, keys)),
});
