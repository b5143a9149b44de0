import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { Metrics } from '../core/metrics.ts';
import type { Readiness } from '../gateway/readiness.ts';
import { Health } from './health.ts';
import { type MetricsAudience, MetricsEndpoint } from './metrics-endpoint.ts';
import { HostAndOrigin } from './step/host-and-origin.ts';
import { Outbox } from './unread-answers.ts';

interface Sent {
  readonly from?: string;
  readonly headers?: Record<string, string>;
}

function request({ from = '127.0.0.1', headers = {} }: Sent = {}) {
  const socket = Object.defineProperty(new Socket(), 'remoteAddress', { value: from });
  const incoming: IncomingMessage = new IncomingMessage(socket);
  incoming.headers = { host: 'localhost:80', ...headers };
  const outgoing = new ServerResponse(incoming);
  let body = '';
  outgoing.end = ((text: string) => {
    body = text;
    return outgoing;
  }) as ServerResponse['end'];
  return { incoming, outgoing, body: () => body };
}

function open(audience: MetricsAudience) {
  const metrics = new Metrics();
  metrics.declare('things_total', { type: 'counter', help: 'Things.' });
  metrics.series('things_total', {}).add(1);
  const hostAndOrigin = new HostAndOrigin({ allowedHosts: ['gateway.example'], allowedOrigins: [] });
  hostAndOrigin.listenOn({ host: '0.0.0.0', port: 80 });
  return new MetricsEndpoint({ metrics, audience, hostAndOrigin, outbox: new Outbox(1_000_000) });
}

const elsewhere = { from: '192.0.2.1', headers: { host: 'gateway.example' } };
const forwarded = { headers: { 'x-forwarded-for': '192.0.2.1', host: 'gateway.example' } };

describe('/metrics', () => {
  it.each<{ audience: MetricsAudience; what: string; sent: Sent; status: number }>([
    { audience: 'loopback', what: 'this machine', sent: {}, status: 200 },
    { audience: 'loopback', what: 'another machine', sent: elsewhere, status: 404 },
    { audience: 'loopback', what: 'a proxy on this machine', sent: forwarded, status: 404 },
    { audience: 'everybody', what: 'another machine', sent: elsewhere, status: 200 },
    { audience: 'nobody', what: 'this machine', sent: {}, status: 404 },
    { audience: 'everybody', what: 'an unknown host', sent: { headers: { host: 'evil.example' } }, status: 403 },
  ])('for $audience, asked by $what: $status', ({ audience, sent, status }) => {
    const { incoming, outgoing, body } = request(sent);
    open(audience).serve({ incoming, outgoing });
    expect(outgoing.statusCode).toBe(status);
    expect(body().includes('things_total 1')).toBe(status === 200);
  });
});

describe('/readyz', () => {
  const readiness = (ok: boolean): Readiness => ({
    isReady: () => ok,
    report: draining => ({
      ok: ok && !draining,
      draining,
      upstreams: [],
      plugins: [],
      shadow_dropped: [],
      missing: [],
    }),
  });
  const ask = (health: Health, isVerbose: boolean, sent?: Sent) => {
    const asked = request(sent);
    health.ready(asked, isVerbose);
    return { status: asked.outgoing.statusCode, body: JSON.parse(asked.body()) };
  };
  const health = (ok: boolean, isDraining = false) =>
    new Health({ readiness: readiness(ok), metrics: open('loopback'), isDraining: () => isDraining });

  it.each([
    { ok: true, isDraining: false, status: 200 },
    { ok: false, isDraining: false, status: 503 },
    { ok: true, isDraining: true, status: 503 },
  ])('is $status when ready is $ok and draining is $isDraining', ({ ok, isDraining, status }) => {
    expect(ask(health(ok, isDraining), false)).toEqual({ status, body: { ok: status === 200 } });
    expect(ask(health(ok, isDraining), true)).toMatchObject({ status, body: { draining: isDraining } });
  });

  it('reports no details to others, and answers for any host', () => {
    expect(ask(health(true), true, { from: '192.0.2.1', headers: { host: '10.0.0.1' } })).toEqual({
      ...{ status: 200, body: { ok: true } },
    });
  });

  it('is alive whatever is ready', () => {
    const asked = request();
    health(false).alive(asked);
    expect(asked.outgoing.statusCode).toBe(200);
  });
});
