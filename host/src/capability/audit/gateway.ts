import { z } from 'zod';
import { readJson } from '../../core/json-reader.ts';
import { defineCapability } from '../capability.ts';
import { auditInLane, eventPattern } from './lane.ts';

const leastBytes = 64;
const mostBytes = 65_536;

const grantSchema = z.strictObject({
  max_bytes: z
    .number()
    .int()
    .min(leastBytes)
    .max(mostBytes)
    .default(4096)
    .describe('Size of the details of one event, as JSON.'),
});

const saidSchema = z.object({ event: z.string().regex(eventPattern), details: z.string() });

const needSchema = z.object({ bytes: z.number() });

/** Events for the audit trail, under the plugin's id and with the request's. */
export const audit = defineCapability({
  ...auditInLane,
  worksInShadow: true,
  gives: 'structured events in the audit log',
  risk: 'Lets the plugin write what it sees into the audit log, under its own id.',
  grant: grantSchema,
  example: 'audit: { max_bytes: 4096 }',
  hear:
    (_grant, on) =>
    (message, { requestId, tenant, subject }) => {
      const { event, details } = saidSchema.parse(message);
      on.audit.write({
        event: `plugin.${event}`,
        ...{ plugin: on.plugin, capability: 'audit', request: requestId, tenant, subject, details: readJson(details) },
      });
    },
  deniedBy: 'an error',
  refuses: {
    invalid: 'an event whose name or details are not well-formed; the call returns an error',
    over_limit:
      'details beyond `max_bytes`, and what one hook call writes beyond a hundred notes or `limits.plugin.payload_bytes` of them; the call returns an error',
  },
  learning: {
    ...auditInLane.learning,
    records:
      'The names of events, and the length of their details up to the next power of two. The call returns an error.',
    grant: needs => {
      const bytes = needs.map(need => needSchema.safeParse(need).data?.bytes ?? 0);
      return { max_bytes: Math.min(Math.max(leastBytes, ...bytes), mostBytes) };
    },
  },
});
