import { z } from 'zod';
import { isLoopback } from '../../core/loopback.ts';
import { parseListen } from '../listen.ts';
import { memberAt } from '../member-at.ts';
import { hostText, originText, proxyNetworks } from './fields.ts';
import { plainSection } from './section.ts';

/** `listen`, `allowed_hosts`, `allowed_origins`, `trusted_proxies`: the address of the gateway, and who may call it. */
export const addressSection = plainSection({
  shape: {
    listen: z
      .string()
      .refine(address => parseListen(address) !== undefined, 'expected host:port, such as 127.0.0.1:8787 or [::1]:0')
      .default('127.0.0.1:8787'),
    allowed_hosts: z
      .array(hostText)
      .default([])
      .describe('Values of the Host header that are served in addition to those of loopback.'),
    allowed_origins: z
      .array(originText)
      .default([])
      .describe('Values of the Origin header that are accepted from browsers.'),
    trusted_proxies: z
      .strictObject({
        from: proxyNetworks.describe('The addresses of the proxies.'),
        header: z
          .enum(['x-forwarded-for', 'forwarded'])
          .default('x-forwarded-for')
          .describe('The header to which each of them appends the address that it was called from.'),
      })
      .optional()
      .describe('Proxies in front of the gateway, which say in a header whose requests they forward.'),
  },
  problems(value) {
    const listen = memberAt(value, ['listen']);
    const address = typeof listen === 'string' ? parseListen(listen) : undefined;
    const hosts = memberAt(value, ['allowed_hosts']);
    // A value that is not a list is reported by the schema.
    const isMissing = hosts === undefined || hosts === null || (Array.isArray(hosts) && hosts.length === 0);
    if (address === undefined || isLoopback(address.host) || !isMissing) return [];
    const message = 'this address is reachable from other machines, but allowed_hosts is empty';
    return [
      { path: ['listen'], message, hint: 'add `allowed_hosts: [the name that clients use]`, or listen on 127.0.0.1' },
    ];
  },
});
