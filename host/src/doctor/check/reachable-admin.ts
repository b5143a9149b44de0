import type { Check } from '../check.ts';
import { isReachable } from './open-to-everybody.ts';

/** A management API that other machines can reach. */
export const reachableAdmin: Check = {
  id: 'DR204',
  severity: 'warning',
  about: 'a management API that other machines can reach',
  why: 'Anyone who obtains its credentials can change the gateway from another machine.',
  fix: 'Set `admin.listen` to an address on 127.0.0.1, or to one that only operators can reach.',
  find: ({ config: { listen, admin } }) =>
    admin !== undefined && isReachable(admin.listen ?? listen)
      ? [
          {
            what: 'Other machines can reach the management API.',
            at: admin.listen === undefined ? 'listen' : 'admin.listen',
          },
        ]
      : [],
};
