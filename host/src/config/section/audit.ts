import { z } from 'zod';
import { text } from './fields.ts';
import { section } from './section.ts';

/** `audit`: where audit events of plugins go. */
export const auditSection = section({
  shape: {
    audit: z
      .strictObject({
        file: text.optional().describe('The file for audit events; without it, they are written to the log.'),
        when_full: z
          .enum(['block', 'drop'])
          .default('block')
          .describe(
            'What happens when the queue of the file is full: hook calls wait, or events are dropped and counted.',
          ),
        queue: z.int().min(1).max(1_000_000).default(10_000).describe('The number of events that may wait.'),
      })
      .prefault({}),
  },
  finish: ({ audit: { file, ...audit } }, files) => ({
    audit: { ...audit, ...(file !== undefined && { file: files.absolute(file) }) },
  }),
});
