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
  refuses: {
    over_limit:
      'a line beyond `limits.plugin.log_lines` or `log_bytes` of one hook call; it is dropped, and lines are counted together',
  },
  imports: (_grant, lane) => ({
    'sallyport:plugin/log': { write: (level: LogLevel, message: string) => lane.log(level, message) },
  }),
});
