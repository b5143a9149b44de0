import { z } from 'zod';
import { defineCapability } from './capability.ts';

const grantSchema = z.strictObject({ names: z.array(z.string().min(1).max(256)).min(1).max(64) });

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
        if (!names.includes(name)) lane.refused(`get: the claim ${name.slice(0, 64)} is not named by the grant`);
        const { claims = {} } = lane.caller;
        return Object.hasOwn(claims, name) ? JSON.stringify(claims[name]) : undefined;
      },
    },
  }),
  denied: { [wit]: { get: () => undefined } },
});
