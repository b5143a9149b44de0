import type { HttpError, HttpRequest, HttpResponse } from '../../contract/generated/outbound-http.js';
import { cut } from '../../core/cut.ts';
import type { EgressAnswer, EgressRequest } from '../../egress/request.ts';
import { askGateway } from '../lane/ask-gateway.ts';
import { DeclaredError, type HostImports, type LaneSide } from '../lane/lane-side.ts';
import { egressNeed } from './lane/needed-grant.ts';
import { wasiHttp, wasiHttpWaiting } from './lane/wasi-http.ts';

/** What the lane needs of a grant. */
interface OutboundHttpGrant {
  readonly max_bytes: number;
  readonly max_request_bytes?: number | undefined;
}

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

/** What guests get of `outbound_http`. */
export const outboundHttpInLane = {
  name: 'outbound_http',
  wit: ['sallyport:plugin/outbound-http@0.1.0', 'wasi:http/outgoing-handler@0.2', 'wasi:http/types@0.2'],
  imports: (grant, lane) => ({
    ...wasiHttp({
      send: async request => (await lane.ask(request)) as EgressAnswer,
      limit: grant.max_request_bytes ?? grant.max_bytes,
      async tooLong() {
        lane.refused(
          `send: the request has more than ${grant.max_request_bytes ?? grant.max_bytes} bytes`,
          'over_limit',
        );
        return { err: { tag: 'failed', val: 'the body is longer than max_request_bytes' } };
      },
      forbidden: name => lane.refused(`send: header ${cut(name, 64)} is set by the host`),
      malformed: name => lane.refused(`send: header ${cut(name, 64)} is not well-formed`, 'invalid'),
    }),
    'sallyport:plugin/outbound-http': {
      send: (request: HttpRequest) => askGateway<HttpResponse>(lane, request),
    },
  }),
  asyncImports: ['sallyport:plugin/outbound-http#send', ...wasiHttpWaiting],
  denied: refusing(() => {}),
  learning: { imports: refusing },
} satisfies LaneSide<OutboundHttpGrant>;
