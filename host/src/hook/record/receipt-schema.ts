import { z } from 'zod';
import { recordedHooks } from '../receipt.ts';

const hash = z.templateLiteral(['hmac-sha256:', z.string().regex(/^[0-9a-f]{64}$/)]);
const count = z.int().nonnegative();
const milliseconds = z.number().nonnegative();

/** One line of the receipts file. A new member keeps the version; one that changes its meaning raises it. */
export const receiptSchema = z
  .strictObject({
    v: z.literal(1).describe('The version of this format.'),
    time: z.iso.datetime().describe('When the hook call ended.'),
    event: z.literal('receipt').optional().describe('Present in the audit log, among other events.'),
    request: z.string().describe("The request id, as in the log; a plugin's own tool call has `….1`."),
    call: z.int().positive().optional().describe('The number of the receipt within its request. Absent in shadow.'),
    corrects: z.int().positive().optional().describe('The `call` whose receipt this one replaces.'),
    binding: z.string(),
    upstream: z.string(),
    tenant: z.string().optional(),
    subject: hash.optional().describe('The authenticated caller, hashed.'),
    method: z
      .string()
      .describe('The method of MCP, which is `initialize` where a server joins; around authentication, that of HTTP.'),
    tool: z.string().optional().describe('The called tool, if its upstream lists it.'),
    hook: z.enum(recordedHooks),
    plugin: z.string(),
    version: z.string().optional(),
    digest: z.string().optional().describe("The digest of the plugin's artifact."),
    mode: z.string().describe('`enforce`, or how much less the outcome counts.'),
    outcome: z
      .string()
      .describe('`proceed`, `modified`, `respond`, `block` or `failed`; `would_…` if it was only recorded.'),
    cause: z.string().optional().describe('Why it failed.'),
    code: z.string().optional().describe('The code of the block; `*` if it does not look like a code.'),
    wall_ms: milliseconds,
    cpu_ms: milliseconds.optional().describe("Time on a lane's thread, if less than `wall_ms`."),
    fuel: count.optional().describe('Units of fuel used, if they are limited.'),
    host_calls: count.optional().describe('Asynchronous calls of capabilities, if any.'),
    before: hash.optional().describe('The value before a change: `params`, or `result` after the upstream.'),
    after: hash.optional().describe('The value after the change.'),
    paths: z.array(z.string()).optional().describe('JSON pointers to what changed; `*` is a name that is not shown.'),
    more_paths: z.literal(true).optional().describe('Set if more paths changed than are listed.'),
    answer: hash.optional().describe("The result with which the plugin answered in the upstream's stead."),
    key: z.string().describe('Names the key of the hashes.'),
    dropped: z.int().positive().optional().describe('How many receipts before this one were dropped.'),
    seq: z.int().positive().optional().describe('The number of the line in its ledger (docs/audit.md).'),
    hash: z
      .string()
      .regex(/^[0-9a-f]{64}$/)
      .optional()
      .describe('The hash of the line, which covers the line before.'),
    answers: z
      .array(z.looseObject({ capability: z.string() }))
      .optional()
      .describe('Reserved for what capabilities answered, which a replay needs. No version writes it yet.'),
  })
  .meta({ title: 'receipt', description: 'The receipt of one hook call, one line of the receipts file' });

export type ReceiptLine = z.output<typeof receiptSchema>;

/** Creates the JSON Schema (2020-12) of a receipt. It allows further members, which a later version may add. */
export function receiptJsonSchema(): object {
  const { additionalProperties: _, ...schema } = z.toJSONSchema(receiptSchema);
  return schema;
}
