import { z } from 'zod';

/** A time, in UTC. */
export const time: z.ZodISODateTime = z.iso.datetime();

/** How often each of some names occurred. */
export const counts: z.ZodRecord<z.ZodString, z.ZodNumber> = z.record(z.string(), z.number());
