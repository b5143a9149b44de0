import { z } from 'zod';
import { isLoopback } from '../../core/loopback.ts';
import { wildcardDomain } from '../host-pattern.ts';
import { parseListen } from '../listen.ts';
import { memberAt } from '../member-at.ts';
import type { Problem } from '../problem.ts';
import { hostOrWildcardText, originText, proxyNetworks } from './fields.ts';
import { entries, listed } from './named.ts';
import { plainSection } from './section.ts';

/** `listen`, `allowed_hosts`, `allowed_origins`, `trusted_proxies`: the address of the gateway, and who may call it. */
export const addressSection = plainSection({
  shape: {
    listen: z
      .string()
      .refine(address => parseListen(address) !== undefined, 'expected host:port, such as 127.0.0.1:8787 or [::1]:0')
      .default('127.0.0.1:8787'),
    allowed_hosts: z
      .array(hostOrWildcardText)
      .default([])
      .describe(
        'Values of the Host header that are served in addition to those of loopback and of routes; *.example.com where a route is in that domain.',
      ),
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
    const wildcards = wildcardProblems(value);
    const hasRoutes = entries(value, ['routes'], 'host').some(({ name }) => name !== '');
    if (address === undefined || isLoopback(address.host) || !isMissing || hasRoutes) return wildcards;
    const message = 'this address is reachable from other machines, but allowed_hosts is empty';
    return [
      ...wildcards,
      { path: ['listen'], message, hint: 'add `allowed_hosts: [the name that clients use]`, or listen on 127.0.0.1' },
    ];
  },
});

/** Reports wildcards for domains in which no route has a host: nothing but what is listed is served there. */
function wildcardProblems(value: unknown): readonly Problem[] {
  const hosts = entries(value, ['routes'], 'host').map(({ name }) => name.replace(/:\d+$/, ''));
  const domains = new Set(hosts.filter(host => /^\{\w+\}\./.test(host)).map(host => host.slice(host.indexOf('.') + 1)));
  return listed(value, ['allowed_hosts']).flatMap(({ name, path }) => {
    const domain = wildcardDomain(name);
    if (domain === undefined || domains.has(domain.replace(/:\d+$/, ''))) return [];
    const hint = `list each name, or add a route with the host {binding}.${domain}`;
    return [{ path, message: 'wildcards are not supported here: no route is in this domain', hint }];
  });
}
