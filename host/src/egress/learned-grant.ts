import { isIP } from 'node:net';
import { z } from 'zod';
import { isPublicAddress } from '../core/public-address.ts';
import { methodsSchema, ruleSchema } from './allow-rule.ts';

/** The needs that a lane reports, see egressNeed. */
const needSchema = z.object({ method: z.string(), url: z.string() });

/** The rules of exactly those places, and the methods that were tried. */
export function smallestEgressGrant(needs: readonly unknown[]): unknown {
  const seen = needs.flatMap(need => needSchema.safeParse(need).data ?? []);
  const grantable = seen.filter(({ method, url }) => URL.canParse(url) && methodsSchema.safeParse([method]).success);
  const hidden = [...new Set(grantable.flatMap(({ url }) => hiddenAddress(url)))].sort();
  return {
    allow: [...new Set(grantable.map(({ url }) => ruleOf(url)))].sort(),
    methods: [...new Set(grantable.map(({ method }) => method))].sort(),
    ...(hidden.length === 0 ? {} : { allow_private: hidden }),
  };
}

/** An address that is not public, written into the URL; what a name stands for is known only when it is asked. */
function hiddenAddress(place: string): readonly string[] {
  const host = new URL(place).hostname.replace(/^\[|\]$/g, '');
  const family = isIP(host);
  return family === 0 || isPublicAddress(host) ? [] : [`${host}/${family === 4 ? 32 : 128}`];
}

/** A path that a rule could read as more than itself is left to the operator: only its origin is named. */
function ruleOf(place: string): string {
  const { origin } = new URL(place);
  return !place.includes('*') && ruleSchema.safeParse(place).success ? place : origin;
}
