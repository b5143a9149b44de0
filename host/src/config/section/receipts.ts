import { z } from 'zod';
import { text } from './fields.ts';
import { section } from './section.ts';

/** `receipts`: where the receipts of hook calls go. */
export const receiptsSection = section({
  shape: {
    receipts: z
      .strictObject({
        file: text.describe('The file of receipts, one JSON line for each hook call.'),
        key_file: text
          .default('~/.local/state/sallyport/receipts.key')
          .describe('The key of the hashes in receipts. It is created if it is missing.'),
        when_full: z
          .enum(['block', 'drop'])
          .default('block')
          .describe('What happens when the queue is full: calls wait, or receipts are dropped and counted.'),
        queue: z.int().min(1).max(1_000_000).default(10_000).describe('The number of receipts that may wait.'),
      })
      .optional()
      .describe('Records each hook call. Off unless set.'),
  },
  finish: ({ receipts }, files) => ({
    receipts: receipts && {
      ...receipts,
      file: files.absolute(receipts.file),
      key_file: files.absolute(receipts.key_file),
    },
  }),
});
