import { z } from 'zod';
import { plainSection } from './section.ts';

/** `log`: what is logged. */
export const logSection = plainSection({
  shape: {
    log: z
      .strictObject({ level: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'silent']).default('info') })
      .prefault({}),
  },
});
