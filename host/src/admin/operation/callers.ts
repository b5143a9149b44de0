import { z } from 'zod';
import { fail } from '../../core/fault.ts';
import { principalSchema, sessionSchema } from '../answer/caller.ts';
import { defineChange, defineReading } from '../operation.ts';
import { pageOf, pageQuery } from './page.ts';

const paged = { total: z.int(), next: z.string().optional().describe('`after` of the next page.') };

export const listSessions = defineReading({
  id: 'listSessions',
  path: '/admin/sessions',
  summary: 'Lists the sessions of clients.',
  query: pageQuery,
  answer: z.strictObject({ sessions: z.array(sessionSchema), ...paged }),
  run(host, { query }) {
    const { page: sessions, ...rest } = pageOf(host.sessions(), ({ handle }) => handle, query);
    return { sessions, ...rest };
  },
});

export const endSession = defineChange({
  id: 'endSession',
  method: 'DELETE',
  path: '/admin/sessions/{session}',
  summary: 'Ends a session and cancels its running requests. Its client can begin another one.',
  answer: z.strictObject({ ended: z.literal(true) }),
  async run(host, { parts: { session = '' } }) {
    const before = host.sessions().find(({ handle }) => handle === session);
    const hasEnded = before !== undefined && (await host.endSession(session));
    if (!hasEnded) fail('admin_target_unknown', { what: 'session', id: session, hint: 'it may have ended by itself' });
    return { answer: { ended: true as const }, before: { ...before } };
  },
});

export const listPrincipals = defineReading({
  id: 'listPrincipals',
  path: '/admin/principals',
  summary: 'Lists the latest thousand callers, the most recent first.',
  answer: z.strictObject({ principals: z.array(principalSchema) }),
  run: host => ({ principals: [...host.principals()] }),
});
