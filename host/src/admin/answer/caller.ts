import { z } from 'zod';
import { time } from './time.ts';

const identity = {
  scheme: z.string().describe('`anonymous`, or the id of the scheme that authenticated the caller.'),
  tenant: z.string().optional(),
  subject: z.string().optional(),
};

export const sessionSchema = z.strictObject({
  handle: z.string().describe('Names the session. It is not its id, and cannot be used in its place.'),
  binding: z.string(),
  ...identity,
  revision: z.string(),
  address: z.string().describe('The network of its client.'),
  last_used: time,
  running: z.int().describe('Requests that run.'),
  streams: z.int().describe('Open streams of notifications.'),
});

export const principalSchema = z.strictObject({
  ...identity,
  last_seen: time,
  requests: z.int().describe('Requests since it was first seen.'),
  running: z.int().describe('Requests that run now.'),
});

export type SessionEntry = z.input<typeof sessionSchema>;
export type PrincipalEntry = z.input<typeof principalSchema>;
