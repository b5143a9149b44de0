import { z } from 'zod';

const etag = z
  .string()
  .optional()
  .describe(
    'Names this version, for If-Match. Absent for an entry of the configuration file, which cannot be changed.',
  );

export const definitionSchema = z.strictObject({
  id: z.string(),
  source: z.enum(['file', 'registered']).describe('Whether the configuration file has it, or it was registered.'),
  defined_at: z.string().optional().describe('The place in the configuration file.'),
  definition: z.looseObject({}).describe('The entry as in sallyport.yaml; *** replaces values that could be secrets.'),
  etag,
});

export const changeSchema = z.strictObject({
  id: z.string(),
  dry_run: z.boolean().describe('Whether this is only what would change.'),
  generation: z.int().describe('Counts the configurations that were in use since the start.'),
  changes: z.array(z.string()).describe('What changed, in words.'),
  etag,
});

export type Definition = z.input<typeof definitionSchema>;
export type ChangeAnswer = z.input<typeof changeSchema>;
