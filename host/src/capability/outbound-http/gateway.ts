import { z } from 'zod';
import type { RefusalReason } from '../../contract/hook-call.ts';
import { usageSeries } from '../../core/plugin-usage.ts';
import { Egress } from '../../egress/egress.ts';
import { type EgressGrant, egressGrantSchema } from '../../egress/egress-grant.ts';
import { smallestEgressGrant } from '../../egress/learned-grant.ts';
import type { EgressAnswer, EgressRequest } from '../../egress/request.ts';
import { defineCapability } from '../capability.ts';
import { substituteSecrets } from '../secret-store/secret-placeholder.ts';
import { outboundHttpInLane } from './lane.ts';

export const requestSchema: z.ZodType<EgressRequest> = z.object({
  method: z.string().max(32),
  url: z.string().max(65_536),
  headers: z.array(z.tuple([z.string(), z.string()])).max(256),
  body: z.instanceof(Uint8Array).optional(),
});

/** HTTP requests to where the operator's rules allow, redirects followed within them. */
export const outboundHttp = defineCapability<EgressGrant>({
  ...outboundHttpInLane,
  gives: "HTTP requests to the hosts that the operator's rules allow; redirects are followed within the rules",
  risk: 'Lets the plugin send what it sees to the URLs that the rules allow, and wait for the responses.',
  grant: egressGrantSchema,
  example:
    'outbound_http: { allow: ["https://api.example.com"] } # for loopback or a private network, also allow_private: ["127.0.0.1/32"]',
  serve(grant, on) {
    const { plugin, secrets } = on;
    const { egress: sent } = usageSeries(on.metrics, plugin);
    const egress = new Egress(grant, {
      plugin,
      sent: bytes => sent.add(bytes),
      fillHeaders: (headers, url, tenant) => substituteSecrets(secrets, { plugin, tenant }, headers, url),
    });
    on.defer(async () => await egress[Symbol.asyncDispose]());
    return async (message, call): Promise<EgressAnswer> => {
      const { success, data } = requestSchema.safeParse(message);
      const limit = success ? on.tenantEgress.reached(call.tenant) : undefined;
      if (limit !== undefined) {
        const why = `more than ${limit} requests per minute for the tenant`;
        on.refused(`send: ${why}`, call, 'over_limit');
        return { err: { tag: 'denied', val: why } };
      }
      if (success) {
        const refused = (why: string, reason: RefusalReason) => on.refused(`send: ${why}`, call, reason);
        return egress.request(data, { signal: call.signal, tenant: call.tenant, refused });
      }
      const why = 'the URL, the method or the list of headers is too long';
      on.refused(`send: ${why}`, call, 'invalid');
      return { err: { tag: 'denied', val: why } };
    };
  },
  deniedBy: '`denied`',
  refuses: {
    not_allowed:
      'a URL, method, address, redirect or header that the rules do not allow, and a placeholder of a secret in a place where the secret is not allowed; the call returns `denied`',
    over_limit:
      'more than the grant or the tenant allows of requests per minute, or than the grant allows of redirects, bytes of a request or response, or time; the call returns `denied`, `too-large`, `timeout` or `failed`',
    invalid:
      'a request with an overlong URL, method or list of headers, or with an invalid header name or value, such as one with a line break; the call returns `denied`',
  },
  learning: {
    ...outboundHttpInLane.learning,
    records:
      'Methods and URLs without their query, and which secrets the plugin put into which headers; no headers and no bodies. The call returns `denied`.',
    grant: smallestEgressGrant,
  },
});
