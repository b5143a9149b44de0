import type { Check } from '../check.ts';
import { isReachable } from './open-to-everybody.ts';

/** A management API that other machines reach. */
export const reachableAdmin: Check = {
  id: 'DR204',
  severity: 'warning',
  about: 'a management API that other machines reach',
  why: 'Who has its token can change what the gateway does, from anywhere.',
  fix: 'Give `admin` an address of its own on 127.0.0.1 (`listen`), or one that only operators reach.',
  find: ({ config: { listen, admin } }) =>
    admin !== undefined && isReachable(admin.listen ?? listen)
      ? [
          {
            what: 'Other machines reach the management API.',
            at: admin.listen === undefined ? 'listen' : 'admin.listen',
          },
        ]
      : [],
};
