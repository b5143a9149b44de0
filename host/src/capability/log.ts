import { z } from 'zod';
import { defineCapability, type LogLevel } from './capability.ts';

/** Lines in the gateway's log, under the plugin's id. */
export const log = defineCapability({
  name: 'log',
  always: true,
  wit: ['sallyport:plugin/log@0.1.0'],
  risk: 'Lets the plugin write what it sees into the log. Rate and length are limited.',
  grant: z.strictObject({}),
  example: 'log: {}',
  imports: (_grant, lane) => ({
    'sallyport:plugin/log': { write: (level: LogLevel, message: string) => lane.log(level, message) },
  }),
});
