import { z } from 'zod';
import { hostText } from './fields.ts';
import { duplicates, entries } from './named.ts';
import { plainSection } from './section.ts';

/** `registries`: registries that need settings of their own. */
export const registriesSection = plainSection({
  shape: {
    registries: z
      .array(
        z.strictObject({
          host: hostText,
          plain_http: z.boolean().default(false).describe('Use plain http, for a registry on another machine.'),
          token_hosts: z
            .array(hostText)
            .default([])
            .describe('Other hosts to which the login for this registry may be sent, to get a token.'),
        }),
      )
      .default([])
      .describe('Registries that need settings of their own.'),
  },
  problems: value => duplicates(entries(value, ['registries'], 'host'), 'host'),
});
