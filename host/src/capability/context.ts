import { z } from 'zod';
import { defineCapability } from './capability.ts';

/** State between the hooks of one request. */
export const context = defineCapability({
  name: 'context',
  always: true,
  wit: ['sallyport:plugin/context@0.1.0'],
  risk: 'Lets plugins of one request pass notes to each other. Nothing outlives the request.',
  grant: z.strictObject({}),
  example: 'context: {}',
  refuses: {
    over_limit: 'a value beyond `limits.plugin.state_bytes` of one request; the call ends, with cause `limit`',
  },
  imports: (_grant, lane) => ({
    'sallyport:plugin/context': {
      get: lane.state.get,
      set: lane.state.set,
      getShared: lane.state.getShared,
      setShared: lane.state.setShared,
    },
  }),
});
