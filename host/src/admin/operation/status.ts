import { statusSchema } from '../answer/status.ts';
import { defineReading } from '../operation.ts';

export const getStatus = defineReading({
  id: 'getStatus',
  path: '/admin/status',
  summary: 'Returns which version runs, since when, and with which generation of the configuration.',
  answer: statusSchema,
  run: host => host.status(),
});
