import { fail } from '../../core/fault.ts';

/** Returns what was found. @throws Fault `admin_target_unknown` if it is nothing */
export const known = <T>(found: T | undefined, what: string, id: string): T =>
  found ?? fail('admin_target_unknown', { what, id, hint: `GET /admin/${what}s lists what exists` });
