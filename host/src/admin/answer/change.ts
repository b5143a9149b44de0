import { z } from 'zod';

export const reloadSchema = z.strictObject({
  dry_run: z.boolean().describe('Whether this is only what would change.'),
  generation: z.int().describe('Counts the configurations that were in use since the start.'),
  changes: z.array(z.string()).describe('What changed, in words.'),
});

export type ReloadAnswer = z.input<typeof reloadSchema>;
