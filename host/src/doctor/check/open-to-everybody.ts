import { parseListen } from '../../config/listen.ts';
import { isLoopback } from '../../core/loopback.ts';
import type { Check, Found } from '../check.ts';

/** Whether other machines reach an address. */
export const isReachable = (listen: string): boolean => !isLoopback(parseListen(listen)?.host ?? '');

/** A gateway that other machines reach without saying who they are, or without TLS. */
export const openToEverybody: Check = {
  id: 'DR202',
  severity: 'warning',
  about: 'an address that other machines reach without identity or without TLS',
  why: 'Without identity, everybody who reaches the gateway may call every tool. Without TLS, others can read tokens and answers.',
  fix: 'Add `identity` and `tls`, or listen on 127.0.0.1 behind a proxy.',
  find({ config: { listen, identity, tls, trusted_proxies } }) {
    if (!isReachable(listen)) return [];
    const found: Found[] = [];
    if (identity === undefined || identity === 'none') {
      found.push({ what: 'Everybody who reaches this address may call everything.', at: 'identity' });
    }
    if (tls === undefined && trusted_proxies === undefined) {
      found.push({ what: 'Requests to this address are not encrypted.', at: 'listen' });
    }
    return found;
  },
};
