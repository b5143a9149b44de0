import { z } from 'zod';
import { statusSchema } from '../answer/status.ts';
import { defineReading } from '../operation.ts';

export const getStatus = defineReading({
  id: 'getStatus',
  path: '/admin/status',
  summary: 'Returns which version runs, since when, and with which generation of the configuration.',
  answer: statusSchema,
  run: host => host.status(),
});

export const getConfig = defineReading({
  id: 'getConfig',
  path: '/admin/config',
  summary: 'Returns the configuration in use, with defaults. Texts that could be secrets are replaced by ***.',
  answer: z.looseObject({}),
  run: host => host.config(),
});
