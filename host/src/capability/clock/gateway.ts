import { z } from 'zod';
import { defineCapability } from '../capability.ts';
import { clockInLane, coarsest } from './lane.ts';

/** Wall and monotonic time. Without it a guest cannot tell how long anything takes. */
export const clock = defineCapability({
  ...clockInLane,
  worksInShadow: true,
  gives: 'wall and monotonic time, as coarse as the operator wants',
  risk: 'Lets the plugin measure time, a building block of timing attacks. A coarse `resolution_ms` blunts it.',
  grant: z.strictObject({
    resolution_ms: z
      .number()
      .int()
      .min(1)
      .max(coarsest)
      .default(1)
      .describe('Times are rounded to a multiple of this.'),
  }),
  example: 'clock: { resolution_ms: 1 }',
  refuses: {},
  learning: {
    ...clockInLane.learning,
    records:
      'Only that it was used. The clock stands still and nothing waits, so that runtimes start and the other needs are seen. The suggested grant is the coarsest clock; make it finer where the plugin needs that.',
    grant: () => ({ resolution_ms: coarsest }),
  },
});
