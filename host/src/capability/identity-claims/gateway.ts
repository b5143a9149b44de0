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
    .describe('The only claims that the plugin may read.'),
});

/** Claims of the authenticated caller, those that are named and no others. */
export const identityClaims = defineCapability({
  ...identityClaimsInLane,
  worksInShadow: true,
  gives: "the caller's claims that the grant names; none until clients authenticate",
  risk: 'Lets the plugin read the named claims of callers: names, addresses, groups.',
  grant: grantSchema,
  example: 'identity_claims: { names: [email, groups] }',
  shows: ({ names }, { claims = {} }) => ({
    claims: Object.fromEntries(names.filter(name => Object.hasOwn(claims, name)).map(name => [name, claims[name]])),
  }),
  deniedBy: 'no such claim',
  refuses: {
    not_allowed: 'a claim that the grant does not name; the call returns nothing, as for a claim that does not exist',
  },
  learning: {
    ...identityClaimsInLane.learning,
    records: 'The names of the claims that were read, which the suggested grant lists. The call returns nothing.',
    grant: needs => ({ names: namesIn(needs, grantSchema.shape.names.element).slice(0, mostNames) }),
  },
});
