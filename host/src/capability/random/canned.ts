import { z } from 'zod';
import { defineCanned } from '../canned.ts';

const everyByte = Uint8Array.from({ length: 256 }, (_, index) => index);

/** Random bytes repeat a pattern that the case states. */
export const randomCanned = defineCanned({
  host: {
    random: z
      .string()
      .regex(/^([0-9a-f]{2})+$/i, 'expected bytes as hex digits')
      .optional(),
  },
  open: ({ random }) => ({
    grant: { repeats: random === undefined ? everyByte : new Uint8Array(Buffer.from(random, 'hex')) },
  }),
});
