import { z } from 'zod';
import { text } from './fields.ts';
import { section } from './section.ts';

/** `audit`: where audit events of plugins go. */
export const auditSection = section({
  shape: {
    audit: z
      .strictObject({
        file: text.optional().describe('The file for audit events; without it, they are written to the log.'),
      })
      .prefault({}),
  },
  finish: ({ audit }, files) => ({ audit: audit.file === undefined ? {} : { file: files.absolute(audit.file) } }),
});
