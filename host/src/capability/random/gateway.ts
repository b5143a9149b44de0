import { z } from 'zod';
import { defineCapability } from '../capability.ts';
import { maximumBytes, randomInLane } from './lane.ts';

/** Random bytes from the operating system. */
export const random = defineCapability({
  ...randomInLane,
  risk: 'Lets the plugin draw random numbers. What it does with a request can then no longer be repeated exactly.',
  grant: z.strictObject({}),
  example: 'random: {}',
  refuses: { over_limit: `more than ${maximumBytes} bytes at once; the call ends, with cause \`limit\`` },
  learning: {
    ...randomInLane.learning,
    records:
      'That it was asked for. It answers the same numbers each time, which protect nothing, so that runtimes start and the other needs are seen.',
    grant: () => ({}),
  },
});
