import { z } from 'zod';
import { defineCanned } from '../canned.ts';

/** The client's headers are those that the case states. */
export const requestHeadersCanned = defineCanned({
  host: { headers: z.record(z.string(), z.string()).default({}) },
  open: ({ headers }) => ({ grant: { names: Object.keys(headers) }, caller: { headers } }),
});
