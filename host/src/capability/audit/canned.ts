import { defineCannedNotes } from '../canned.ts';

/** What the plugin reports is compared with `expect.audit`. */
export const auditCanned = defineCannedNotes('audit');
