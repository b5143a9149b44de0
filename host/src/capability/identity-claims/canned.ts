import { z } from 'zod';
import type { JsonObject } from '../../core/json.ts';
import { defineCanned } from '../canned.ts';

/** The caller's claims are those that the case states. */
export const identityClaimsCanned = defineCanned({
  host: { claims: z.record(z.string(), z.json()).default({}) },
  open: ({ claims }) => ({ grant: { names: Object.keys(claims) }, caller: { claims: claims as JsonObject } }),
});
