import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { expect, it } from 'vitest';
import { createLog } from '../core/log.ts';
import { Metrics } from '../core/metrics.ts';
import type { OpenBinding } from '../gateway/binding.ts';
import { peerAddress } from '../identity/client-address.ts';
import type { Reply } from '../mcp/revision/reply.ts';
import { createChallenge } from './challenge.ts';
import { OpenRequest } from './open-request.ts';
import { createCutOffCount } from './request-metrics.ts';

const nowhere: Reply = {
  ...{ status: 200, dropped: 0 },
  notify: () => undefined,
  answer() {},
  end() {},
  breakSilence() {},
  keepOpen: () => ({ waiting: 0, notify: () => undefined, end() {} }),
};

it('a client that was disconnected because it does not read is logged and counted [GW-40]', () => {
  const lines: Record<string, unknown>[] = [];
  const log = createLog('info', { write: text => void lines.push(JSON.parse(text)) });
  const metrics = new Metrics();
  const context = {
    log,
    challenge: createChallenge(),
    addressOf: peerAddress,
    logRequest() {},
    measure() {},
    countCutOff: createCutOffCount(metrics),
  };
  const incoming = new IncomingMessage(new Socket());
  const request = new OpenRequest({
    incoming,
    outgoing: new ServerResponse(incoming),
    route: { resource: 'main', binding: { id: 'main' } as unknown as OpenBinding },
    reply: nowhere,
    context,
  });
  request.cutOff(30_000_000);
  expect(lines).toMatchObject([{ level: 40, request: request.id, binding: 'main', waiting_bytes: 30_000_000 }]);
  expect(metrics.text()).toContain('sallyport_slow_clients_total{binding="main"} 1');
});
