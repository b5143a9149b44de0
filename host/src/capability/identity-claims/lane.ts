import { cut } from '../../core/cut.ts';
import type { LaneSide } from '../lane/lane-side.ts';

/** Characters of a name. */
export const longestName = 256;

/** What the lane needs of a grant. */
interface IdentityClaimsGrant {
  readonly names: readonly string[];
}

const wit = 'sallyport:plugin/identity-claims';

/** What guests get of `identity_claims`. */
export const identityClaimsInLane = {
  name: 'identity_claims',
  wit: [`${wit}@0.1.0`],
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
  learning: {
    imports: tell => ({ [wit]: { get: (name: string) => void tell({ name: cut(name, longestName) }) } }),
  },
} satisfies LaneSide<IdentityClaimsGrant>;
