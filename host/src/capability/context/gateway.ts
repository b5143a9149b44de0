import { z } from 'zod';
import { defineCapability } from '../capability.ts';
import { contextInLane } from './lane.ts';

/** State between the hooks of one request. */
export const context = defineCapability({
  ...contextInLane,
  always: true,
  gives: 'state between the hooks of one request, private or shared with the other plugins',
  risk: 'Lets plugins of one request pass data to each other. Nothing outlives the request.',
  grant: z.strictObject({}),
  example: 'context: {}',
  refuses: {
    over_limit: 'a value beyond `limits.plugin.state_bytes` of one request; the call ends, with cause `limit`',
  },
});
