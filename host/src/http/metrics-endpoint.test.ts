import { once } from 'node:events';
import { createServer, IncomingMessage, ServerResponse } from 'node:http';
import { type AddressInfo, connect, Socket } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
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

/** Metrics whose text never ends, so that no buffer of the operating system holds all of it. */
class EndlessMetrics extends Metrics {
  override *pieces(): Iterable<string> {
    for (;;) yield 'x'.repeat(64 * 1024);
  }
}

function manySeries(): Metrics {
  const metrics = new Metrics();
  metrics.declare('calls_total', { type: 'counter', help: 'Calls.' });
  metrics.declare('seconds', { type: 'histogram', help: 'Time.' });
  for (let at = 0; at < 20_000; at += 1) {
    metrics.series('calls_total', { at: String(at) }).add(at);
    if (at < 5_000) metrics.series('seconds', { at: String(at) }).observe(at / 1_000);
  }
  return metrics;
}

/** The endpoint at an address. */
async function listen({ metrics = manySeries(), scrapeMs = 3_600_000 } = {}) {
  const hostAndOrigin = new HostAndOrigin({ allowedHosts: [], allowedOrigins: [] });
  const endpoint = new MetricsEndpoint({
    ...{ metrics, audience: 'loopback', hostAndOrigin, outbox: new Outbox(1_000_000) },
    scrapeMs,
  });
  const server = createServer((incoming, outgoing) => endpoint.serve({ incoming, outgoing }));
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  hostAndOrigin.listenOn({ host: '127.0.0.1', port });
  return { metrics, server, port, url: `http://127.0.0.1:${port}/metrics` };
}

/** Begins a scrape and reads only the status of the answer. */
async function scrapeUnread(port: number) {
  const socket = connect(port, '127.0.0.1').on('error', () => {});
  onTestFinished(() => void socket.destroy());
  socket.write(`GET /metrics HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\n\r\n`);
  const [head] = (await once(socket, 'data')) as [Buffer];
  socket.pause();
  return { socket, status: head.toString('latin1').slice(9, 12) };
}

describe('a text of megabytes', () => {
  it.each([
    { accept: 'identity', encoding: null },
    { accept: 'deflate, gzip;q=0.5', encoding: 'gzip' },
    { accept: 'gzip;q=0', encoding: null },
  ])('[MET-10] is whole for $accept, also for scrapes at once', async ({ accept, encoding }) => {
    const { metrics, url } = await listen();
    const scrape = () => fetch(url, { headers: { 'accept-encoding': accept } });
    const answers = await Promise.all([scrape(), scrape()]);
    for (const answer of answers) {
      expect([answer.status, answer.headers.get('content-encoding')]).toEqual([200, encoding]);
      expect((await answer.text()) === metrics.text()).toBe(true);
    }
  });

  it('[MET-10] is written in pieces, with other work between them', async () => {
    const { metrics, url } = await listen();
    expect(Math.max(...[...metrics.pieces()].map(({ length }) => length))).toBeLessThan(80_000);
    let turns = 0;
    let isRead = false;
    const turn = () => {
      turns += 1;
      if (!isRead) setImmediate(turn);
    };
    turn();
    await (await fetch(url)).text();
    isRead = true;
    expect(turns).toBeGreaterThanOrEqual([...metrics.pieces()].length);
  });

  it('[MET-10] is written to a few scrapers at once, and to others when these have left', async () => {
    const { port } = await listen({ metrics: new EndlessMetrics() });
    const scrapes = await Promise.all(Array.from({ length: 9 }, () => scrapeUnread(port)));
    expect(scrapes.map(({ status }) => status).toSorted()).toEqual([...Array(8).fill('200'), '503']);
    for (const { socket } of scrapes) socket.destroy();
    let status: string | undefined;
    while (status !== '200') ({ status } = await scrapeUnread(port));
  });

  it('[MET-10] is not written forever to a scraper that does not read', async () => {
    const { port, server } = await listen({ metrics: new EndlessMetrics(), scrapeMs: 1 });
    const accepted = once(server, 'connection') as Promise<[Socket]>;
    const socket = connect(port, '127.0.0.1')
      .on('error', () => {})
      .pause();
    onTestFinished(() => void socket.destroy());
    socket.write(`GET /metrics HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\n\r\n`);
    const [connection] = await accepted;
    // `once` would reject with the reason for which the connection is destroyed.
    await new Promise(resolve => connection.once('close', resolve));
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
