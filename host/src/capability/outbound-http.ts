import { z } from 'zod';
import type { HttpError, HttpRequest, HttpResponse } from '../core/contract/outbound-http.js';
import { cut } from '../core/cut.ts';
import { usageSeries } from '../core/plugin-usage.ts';
import { DeclaredError, defineCapability, type HostImports } from './capability.ts';
import { createEgress, type EgressAnswer, type EgressGrant, type EgressRequest, egressGrantSchema } from './egress.ts';
import { egressNeed, smallestEgressGrant } from './egress-learning.ts';
import { substituteSecrets } from './secret-placeholder.ts';
import { wasiHttp, wasiHttpWaiting } from './wasi-http.ts';

const requestSchema = z.object({
  method: z.string().max(32),
  url: z.string().max(65_536),
  headers: z.array(z.tuple([z.string(), z.string()])).max(256),
  body: z.instanceof(Uint8Array).optional(),
});

const notGranted: HttpError = { tag: 'denied', val: 'outbound_http was not granted' };

const refusingWasiHttp = (tell: (need: unknown) => void) => {
  const refuse = async (request: EgressRequest): Promise<EgressAnswer> => {
    tell(egressNeed(request));
    return { err: notGranted };
  };
  // No body is kept: it would go nowhere.
  return { send: refuse, limit: 0, tooLong: refuse, forbidden: () => {}, malformed: () => {} };
};

/** What it answers without a grant. */
const refusing = (tell: (need: unknown) => void): HostImports => ({
  ...wasiHttp(refusingWasiHttp(tell)),
  'sallyport:plugin/outbound-http': {
    send: async (request: HttpRequest) => {
      tell(egressNeed(request));
      throw new DeclaredError(notGranted);
    },
  },
});

/** HTTP requests to where the operator's rules allow, redirects followed within them. */
export const outboundHttp = defineCapability<EgressGrant>({
  name: 'outbound_http',
  wit: ['sallyport:plugin/outbound-http@0.1.0', 'wasi:http/outgoing-handler@0.2', 'wasi:http/types@0.2'],
  risk: 'Lets the plugin send what it sees to where the rules allow, and wait for the answers.',
  grant: egressGrantSchema,
  example: 'outbound_http: { allow: ["https://api.example.com"] }',
  imports: (grant, lane) => ({
    ...wasiHttp({
      send: async request => (await lane.ask(request)) as EgressAnswer,
      limit: grant.max_request_bytes ?? grant.max_bytes,
      async tooLong() {
        lane.refused(`send: more than ${grant.max_request_bytes ?? grant.max_bytes} bytes of a request`, 'over_limit');
        return { err: { tag: 'failed', val: 'the body is longer than max_request_bytes' } };
      },
      forbidden: name => lane.refused(`send: header ${cut(name, 64)} is the host's to set`),
      malformed: name => lane.refused(`send: header ${cut(name, 64)} is not well-formed`, 'invalid'),
    }),
    'sallyport:plugin/outbound-http': {
      send: async (request: HttpRequest): Promise<HttpResponse> => {
        const answer = (await lane.ask(request)) as EgressAnswer;
        if ('err' in answer) throw new DeclaredError(answer.err);
        return answer.ok;
      },
    },
  }),
  asyncImports: ['sallyport:plugin/outbound-http#send', ...wasiHttpWaiting],
  serve(grant, on) {
    const { plugin, secrets } = on;
    const { egress: sent } = usageSeries(on.metrics, plugin);
    const egress = createEgress(grant, {
      plugin,
      sent: bytes => sent.add(bytes),
      fillHeaders: (headers, url) => substituteSecrets(secrets, plugin, headers, url),
    });
    on.defer(async () => await egress[Symbol.asyncDispose]());
    return async (message, call): Promise<EgressAnswer> => {
      const { success, data } = requestSchema.safeParse(message);
      if (success) {
        return egress.request(data, call.signal, (why, reason) => on.refused(`send: ${why}`, call, reason));
      }
      const why = 'the URL, the method or the list of headers is too long';
      on.refused(`send: ${why}`, call, 'invalid');
      return { err: { tag: 'denied', val: why } };
    };
  },
  denied: refusing(() => {}),
  deniedBy: '`denied`',
  refuses: {
    not_allowed:
      'a URL, method, address, redirect or header that the rules do not let through, and a placeholder of a secret where it may not go; the answer is `denied`',
    over_limit:
      'more than the grant allows of requests a minute, redirects, bytes of a request or an answer, or time; the answer is `denied`, `too-large`, `timeout` or `failed`',
    invalid:
      'a request with an overlong URL, method or list of headers, or a header whose name or value is none, such as one with a line break; the answer is `denied`',
  },
  learning: {
    records:
      'Methods and URLs without query, and which secrets were to go in which headers; no headers and no bodies. The answer is `denied`.',
    imports: refusing,
    grant: smallestEgressGrant,
  },
});
