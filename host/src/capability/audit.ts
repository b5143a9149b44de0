import { z } from 'zod';
import type { RefusalReason } from '../core/hook-call.ts';
import { isJsonObject, type JsonObject } from '../core/json.ts';
import { DeclaredError, defineCapability } from './capability.ts';
import { powerOfTwo } from './power-of-two.ts';

const leastBytes = 64;
const mostBytes = 65_536;

const grantSchema = z.strictObject({
  max_bytes: z
    .number()
    .int()
    .min(leastBytes)
    .max(mostBytes)
    .default(4096)
    .describe('Of the details of one event, as JSON.'),
});

const eventSchema = z.string().regex(/^[a-z][a-z0-9_]{0,62}$/);
const saidSchema = z.object({ event: eventSchema, details: z.record(z.string(), z.unknown()) });

const needSchema = z.object({ bytes: z.number() });

const wit = 'sallyport:plugin/audit';
const refuse = () => {
  throw new DeclaredError('audit was not granted');
};

/** Events for whoever looks into what happened, under the plugin's id and with the request's. */
export const audit = defineCapability({
  name: 'audit',
  wit: [`${wit}@0.1.0`],
  risk: 'Lets the plugin write what it sees into the audit log, under its own id.',
  grant: grantSchema,
  example: 'audit: { max_bytes: 4096 }',
  imports: ({ max_bytes }, lane) => ({
    [wit]: {
      write: (event: string, text: string) => {
        const refused = (reason: RefusalReason, why: string): never => {
          lane.refused(`write: ${why}`, reason);
          throw new DeclaredError(why);
        };
        if (!eventSchema.safeParse(event).success) refused('invalid', 'the name of an event is like email_redacted');
        if (Buffer.byteLength(text) > max_bytes) refused('over_limit', `more than ${max_bytes} bytes`);
        lane.tell({ event, details: parseDetails(text) ?? refused('invalid', 'details are not a JSON object') });
      },
    },
  }),
  hear:
    (_grant, on) =>
    (message, { requestId, tenant, subject }) => {
      const { event, details } = saidSchema.parse(message);
      on.audit.write({
        event: `plugin.${event}`,
        ...{ plugin: on.plugin, capability: 'audit', request: requestId, tenant, subject, details },
      });
    },
  denied: { [wit]: { write: refuse } },
  deniedBy: 'an error',
  refuses: {
    invalid: 'an event whose name or details are not well-formed; the answer is an error',
    over_limit: `details beyond \`max_bytes\`, and what one hook call says beyond its first hundred notes`,
  },
  learning: {
    records:
      'The names of events, and the length of their details up to the next power of two. The answer is an error.',
    imports: tell => ({
      [wit]: {
        write: (event: string, text: string) => {
          if (eventSchema.safeParse(event).success) tell({ event, bytes: powerOfTwo(Buffer.byteLength(text)) });
          refuse();
        },
      },
    }),
    grant: needs => {
      const bytes = needs.map(need => needSchema.safeParse(need).data?.bytes ?? 0);
      return { max_bytes: Math.min(Math.max(leastBytes, ...bytes), mostBytes) };
    },
  },
});

function parseDetails(text: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isJsonObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
