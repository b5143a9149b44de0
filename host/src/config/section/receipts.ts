import { z } from 'zod';
import { memberAt } from '../member-at.ts';
import { text } from './fields.ts';
import { rotateSchema } from './ledger-fields.ts';
import { section } from './section.ts';

/** `receipts`: where the receipts of hook calls go. */
export const receiptsSection = section({
  shape: {
    receipts: z
      .strictObject({
        file: text
          .optional()
          .describe('The file of receipts, one JSON line for each hook call. Without it, they go to the audit events.'),
        key_file: text
          .default('~/.local/state/sallyport/receipts.key')
          .describe('The key of the hashes in receipts. It is created if it is missing.'),
        rotate: rotateSchema.describe('When the file is moved away and a new one is started. Never unless set.'),
        when_full: z
          .enum(['block', 'drop'])
          .default('block')
          .describe('What happens when the queue is full: calls wait, or receipts are dropped and counted.'),
        queue: z.int().min(1).max(1_000_000).default(10_000).describe('The number of receipts that may wait.'),
      })
      .optional()
      .describe('Records each hook call. Off unless set.'),
  },
  problems(value) {
    if (memberAt(value, ['receipts']) === undefined || memberAt(value, ['receipts', 'file']) !== undefined) return [];
    const isAudited =
      memberAt(value, ['audit', 'file']) !== undefined || memberAt(value, ['audit', 'sink']) === 'stdout';
    const message = 'receipts have no file, and audit events go to the log, which takes none';
    return isAudited ? [] : [{ path: ['receipts'], message, hint: 'set receipts.file or audit.file' }];
  },
  finish: ({ receipts }, files) => ({
    receipts: receipts && {
      ...receipts,
      file: receipts.file === undefined ? undefined : files.absolute(receipts.file),
      key_file: files.absolute(receipts.key_file),
    },
  }),
});
