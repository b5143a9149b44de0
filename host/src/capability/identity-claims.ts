import { z } from 'zod';
import { cut } from '../core/cut.ts';
import { defineCapability } from './capability.ts';
import { namesIn } from './learned-names.ts';

const longestName = 256;
const mostNames = 64;

const grantSchema = z.strictObject({
  names: z
    .array(z.string().min(1).max(longestName))
    .min(1)
    .max(mostNames)
    .describe('Claims that the plugin may read, and no others.'),
});

const wit = 'sallyport:plugin/identity-claims';

/** Claims of the authenticated caller, those that are named and no others. */
export const identityClaims = defineCapability({
  name: 'identity_claims',
  wit: [`${wit}@0.1.0`],
  risk: 'Lets the plugin read the named claims of callers: names, addresses, groups.',
  grant: grantSchema,
  example: 'identity_claims: { names: [email, groups] }',
  shows: ({ names }, { claims = {} }) => ({
    claims: Object.fromEntries(names.filter(name => Object.hasOwn(claims, name)).map(name => [name, claims[name]])),
  }),
  imports: ({ names }, lane) => ({
    [wit]: {
      get: (name: string) => {
        if (!names.includes(name)) lane.refused(`get: the claim ${cut(name, 64)} is not named by the grant`);
        const { claims = {} } = lane.caller;
        return Object.hasOwn(claims, name) ? JSON.stringify(claims[name]) : undefined;
      },
    },
  }),
  denied: { [wit]: { get: () => undefined } },
  deniedBy: 'that there is none',
  refuses: { not_allowed: 'a claim that the grant does not name; the answer is that there is none' },
  learning: {
    records:
      'The names of the claims that were asked for, which the grant then names. The answer is that there is none.',
    imports: tell => ({ [wit]: { get: (name: string) => void tell({ name: cut(name, longestName) }) } }),
    grant: needs => ({ names: namesIn(needs, grantSchema.shape.names.element).slice(0, mostNames) }),
  },
});
