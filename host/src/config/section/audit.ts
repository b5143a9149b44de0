import { z } from 'zod';
import type { JsonObject } from '../../core/json.ts';
import { memberAt } from '../member-at.ts';
import type { Problem } from '../problem.ts';
import { text } from './fields.ts';
import { rotateSchema } from './ledger-fields.ts';
import { section } from './section.ts';

/** `audit`: where audit events go, and how the files of audit and receipts are chained and signed. */
export const auditSection = section({
  shape: {
    audit: z
      .strictObject({
        sink: z
          .enum(['file', 'stdout'])
          .default('file')
          .describe('Whether audit events go to `file`, or to the standard output.'),
        file: text.optional().describe('The file for audit events; without it, they are written to the log.'),
        calls: z.boolean().default(false).describe('Whether each call is an event: who called what, and the outcome.'),
        tamper_evident: z
          .boolean()
          .default(true)
          .describe('Whether the lines of audit and receipts are chained by hash and signed.'),
        key_file: text
          .default('~/.local/state/sallyport/audit.key')
          .describe('The private key that signs audit and receipts (Ed25519, PEM). It is created if it is missing.'),
        checkpoint: z
          .strictObject({
            lines: z.int().min(1).max(1_000_000).default(1000).describe('The most lines between two signatures.'),
            seconds: z.number().min(0.1).max(86_400).default(30).describe('How long a line waits for a signature.'),
          })
          .prefault({})
          .describe('How often audit and receipts are signed.'),
        rotate: rotateSchema.describe('When the audit file is moved away and a new one is started. Never unless set.'),
        when_full: z
          .enum(['block', 'drop'])
          .default('block')
          .describe('What happens when the queue is full: hook calls wait, or events are dropped and counted.'),
        queue: z.int().min(1).max(1_000_000).default(10_000).describe('The number of events that may wait.'),
      })
      .prefault({}),
  },
  problems: value => [...targetProblems(value), ...rotationProblems(value)],
  finish: ({ audit: { file, ...audit } }, files) => ({
    audit: {
      ...audit,
      key_file: files.absolute(audit.key_file),
      ...(file !== undefined && { file: files.absolute(file) }),
    },
  }),
});

function targetProblems(value: JsonObject): readonly Problem[] {
  const [sink, file] = [memberAt(value, ['audit', 'sink']), memberAt(value, ['audit', 'file'])];
  if (sink === 'stdout' && file !== undefined) {
    const message = 'the events go to the standard output, and not to a file';
    return [{ path: ['audit', 'file'], message, hint: 'remove audit.file, or audit.sink' }];
  }
  if (sink === 'file' && file === undefined) {
    return [{ path: ['audit', 'sink'], message: 'there is no audit.file', hint: 'set audit.file' }];
  }
  return [];
}

function rotationProblems(value: JsonObject): readonly Problem[] {
  return ['audit', 'receipts'].flatMap(name => {
    if (memberAt(value, [name, 'rotate']) === undefined) return [];
    const path = [name, 'rotate'];
    if (memberAt(value, [name, 'file']) === undefined) {
      return [{ path, message: `there is no ${name}.file to rotate`, hint: `set ${name}.file, or remove it` }];
    }
    if (memberAt(value, ['audit', 'tamper_evident']) !== false) return [];
    const message = 'only a tamper-evident file is rotated by the gateway';
    return [{ path, message, hint: 'remove audit.tamper_evident, or rotate the file with another program' }];
  });
}
