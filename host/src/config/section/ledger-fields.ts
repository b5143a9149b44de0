import { z } from 'zod';

/** When a file is moved away and a new one is started. */
export const rotateSchema = z
  .strictObject({
    bytes: z.int().min(4096).optional().describe('The size from which on the file is moved away.'),
    hours: z.number().min(0.001).max(87_600).optional().describe('The age from which on the file is moved away.'),
    keep: z
      .int()
      .min(1)
      .optional()
      .describe('The number of files that were moved away and are kept. Without it, none is removed.'),
  })
  .refine(({ bytes, hours }) => bytes !== undefined || hours !== undefined, 'set bytes, hours, or both')
  .optional();
