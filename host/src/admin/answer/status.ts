import { z } from 'zod';
import { time } from './time.ts';

export const statusSchema = z.strictObject({
  version: z.string().describe('The version of Sallyport.'),
  started: time,
  generation: z.int().min(1).describe('How many configurations were in use so far, this one included.'),
  draining: z.boolean().describe('Whether the gateway is shutting down.'),
  running_requests: z.int().describe('Requests that run now, this one included.'),
});

export type Status = z.input<typeof statusSchema>;
