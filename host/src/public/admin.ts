/** The management API: its description. */

export { adminDocument } from '../admin/operations.ts';
