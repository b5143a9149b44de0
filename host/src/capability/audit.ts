import { z } from 'zod';
import { isJsonObject, type JsonObject } from '../core/json.ts';
import { DeclaredError, defineCapability } from './capability.ts';

const grantSchema = z.strictObject({
  max_bytes: z.number().int().min(64).max(65_536).default(4096).describe('Of the details of one event, as JSON.'),
});

const eventSchema = z.string().regex(/^[a-z][a-z0-9_]{0,62}$/);
const saidSchema = z.object({ event: eventSchema, details: z.record(z.string(), z.unknown()) });

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
        if (!eventSchema.safeParse(event).success)
          throw new DeclaredError('the name of an event is like email_redacted');
        if (text.length > max_bytes) throw new DeclaredError(`more than ${max_bytes} bytes`);
        lane.tell({ event, details: parseDetails(text) });
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
});

function parseDetails(text: string): JsonObject {
  try {
    const value: unknown = JSON.parse(text);
    if (isJsonObject(value)) return value;
  } catch {}
  throw new DeclaredError('details are not a JSON object');
}
