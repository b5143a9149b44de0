import { defineCannedNotes } from '../canned.ts';

/** What the plugin reports is compared with `expect.metrics`. */
export const metricsCanned = defineCannedNotes('metrics');
