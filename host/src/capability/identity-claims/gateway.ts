import { z } from 'zod';
import { defineCapability } from '../capability.ts';
import { namesIn } from '../learned-names.ts';
import { identityClaimsInLane, longestName } from './lane.ts';

const mostNames = 64;

const grantSchema = z.strictObject({
  names: z
    .array(z.string().min(1).max(longestName))
    .min(1)
    .max(mostNames)
    .describe('Claims that the plugin may read, and no others.'),
});

/** Claims of the authenticated caller, those that are named and no others. */
export const identityClaims = defineCapability({
  ...identityClaimsInLane,
  risk: 'Lets the plugin read the named claims of callers: names, addresses, groups.',
  grant: grantSchema,
  example: 'identity_claims: { names: [email, groups] }',
  shows: ({ names }, { claims = {} }) => ({
    claims: Object.fromEntries(names.filter(name => Object.hasOwn(claims, name)).map(name => [name, claims[name]])),
  }),
  deniedBy: 'that there is none',
  refuses: { not_allowed: 'a claim that the grant does not name; the answer is that there is none' },
  learning: {
    ...identityClaimsInLane.learning,
    records:
      'The names of the claims that were asked for, which the grant then names. The answer is that there is none.',
    grant: needs => ({ names: namesIn(needs, grantSchema.shape.names.element).slice(0, mostNames) }),
  },
});
