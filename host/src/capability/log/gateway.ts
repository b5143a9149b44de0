import { z } from 'zod';
import { defineCapability } from '../capability.ts';
import { logInLane } from './lane.ts';

/** Lines in the gateway's log, under the plugin's id. */
export const log = defineCapability({
  ...logInLane,
  always: true,
  gives: "lines in the gateway's log, under the plugin's id",
  risk: 'Lets the plugin write what it sees to the log. Rate and length are limited.',
  grant: z.strictObject({}),
  example: 'log: {}',
  refuses: {
    over_limit:
      'a line beyond `limits.plugin.log_lines` or `log_bytes` of one hook call; it is dropped, and dropped lines are counted',
  },
});
