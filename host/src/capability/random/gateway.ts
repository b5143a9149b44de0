import { z } from 'zod';
import { defineCapability } from '../capability.ts';
import { maximumBytes, randomInLane } from './lane.ts';

/** Random bytes from the operating system. */
export const random = defineCapability({
  ...randomInLane,
  worksInShadow: true,
  gives: 'random bytes from the operating system, at most 65,536 per call',
  risk: 'Lets the plugin draw random numbers, so its behaviour can no longer be reproduced exactly.',
  grant: z.strictObject({}),
  example: 'random: {}',
  refuses: { over_limit: `more than ${maximumBytes} bytes at once; the call ends, with cause \`limit\`` },
  learning: {
    ...randomInLane.learning,
    records:
      'Only that it was used. It returns the same numbers each time, which protect nothing, so that runtimes start and the other needs are seen.',
    grant: () => ({}),
  },
});
