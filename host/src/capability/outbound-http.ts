import { z } from 'zod';
import type { HttpError, HttpRequest, HttpResponse } from '../core/contract/outbound-http.js';
import { usageSeries } from '../core/plugin-usage.ts';
import { DeclaredError, defineCapability, type HostImports } from './capability.ts';
import { createEgress, type EgressAnswer, type EgressGrant, egressGrantSchema } from './egress.ts';
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

/** What it answers without a grant. */
const refusing = (tell: (need: unknown) => void): HostImports => ({
  ...wasiHttp(async request => {
    tell(egressNeed(request));
    return { err: notGranted };
  }, 0),
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
    ...wasiHttp(async request => (await lane.ask(request)) as EgressAnswer, grant.max_request_bytes ?? grant.max_bytes),
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
    return (message, call): Promise<EgressAnswer> =>
      egress.request(requestSchema.parse(message), call.signal, why => on.refused(`send: ${why}`, call));
  },
  denied: refusing(() => {}),
  learning: { imports: refusing, grant: smallestEgressGrant },
});
