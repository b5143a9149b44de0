import { z } from 'zod';
import { plainSection } from './section.ts';

/** `metrics`: who may read /metrics. */
export const metricsSection = plainSection({
  shape: {
    metrics: z
      .strictObject({
        serve: z
          .enum(['loopback', 'everybody', 'nobody'])
          .default('loopback')
          .describe('Who may read /metrics: loopback is connections from this machine.'),
      })
      .prefault({}),
  },
});
