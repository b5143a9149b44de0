import { parseListen } from '../../config/listen.ts';
import { isLoopback } from '../../core/loopback.ts';
import type { Check, Found } from '../check.ts';

/** Whether other machines can reach an address. */
export const isReachable = (listen: string): boolean => !isLoopback(parseListen(listen)?.host ?? '');

/** A gateway that other machines can reach without credentials, or without TLS. */
export const openToEverybody: Check = {
  id: 'DR202',
  severity: 'warning',
  about: 'an address that other machines can reach without identity or without TLS',
  why: 'The gateway does not know its callers, or others on the network can read the requests.',
  fix: 'Listen on 127.0.0.1.',
  find({ config: { listen, identity, tls, trusted_proxies } }) {
    if (!isReachable(listen)) return [];
    const found: Found[] = [];
    if (identity === undefined || identity === 'none') {
      found.push({
        what: 'Anyone who can reach this address may call everything.',
        at: 'identity',
        why: 'The gateway authenticates no caller, so there are no rules, limits or audit events for each.',
        fix: 'Add an `identity` section (see docs/identity.md), or listen on 127.0.0.1.',
      });
    }
    if (tls === undefined && trusted_proxies === undefined) {
      found.push({
        what: 'Requests to this address are not encrypted.',
        at: 'listen',
        why: 'Others on the network can read and change requests and answers, with their tokens.',
        fix: 'Add `tls`, or put a proxy with TLS in front and list it in `trusted_proxies`.',
      });
    }
    return found;
  },
};
