import { defineCanned } from '../canned.ts';

/** The clock shows the time of the case, and advances only while the plugin waits. */
export const clockCanned = defineCanned({
  open: (_stated, { time }) => ({ grant: { resolution_ms: 1, stands: time } }),
});
