import { z } from 'zod';

/** A time, in UTC. */
const time = z.iso.datetime();

export const statusSchema = z.strictObject({
  version: z.string().describe('The version of Sallyport.'),
  started: time,
  /** Counts from one. */
  generation: z.int().min(1).describe('How many configurations were in use, this one included.'),
});

export type Status = z.input<typeof statusSchema>;
