import { describe, expect, it, onTestFinished } from 'vitest';
import { accept, startFaultyCollector } from '../../../test/fixtures/faulty-collector.ts';
import { call } from '../../../test/fixtures/open-gateway.ts';
import { openTracedGateway } from '../../../test/fixtures/traced-gateway.ts';
import { silentLog } from '../core/log.ts';
import { Metrics } from '../core/metrics.ts';
import type { Span } from './call-spans.ts';
import { Exports } from './exports.ts';
import { OtlpClient } from './otlp-client.ts';
import { SpanExporter } from './span-exporter.ts';

/** A collector that answers so, which is closed when the test has ended. */
async function collectorWith(answer: Parameters<typeof startFaultyCollector>[0]) {
  const collector = await startFaultyCollector(answer);
  onTestFinished(() => collector[Symbol.asyncDispose]());
  return collector;
}

/** A request that is served, and what was counted of its spans when the gateway was closed. */
async function serve(endpoint: string, otlp: NonNullable<Parameters<typeof openTracedGateway>[1]>['otlp'] = {}) {
  const { gateway, metrics, telemetry, lines } = await openTracedGateway(endpoint, {
    ...{ otlp, metrics: undefined },
  });
  const session = await gateway.session();
  const { status, body } = await gateway.post(call('echo', { text: 'served' }), session);
  expect([status, body.result.content]).toEqual([200, expect.anything()]);
  await telemetry[Symbol.asyncDispose]();
  const count = (name: string) => metrics.series(`sallyport_telemetry_${name}_total`, { signal: 'traces' }).value;
  const warnings = lines.filter(line => line.msg === 'telemetry was not exported');
  for (const { hint } of warnings) expect(hint).toMatch(/`telemetry\.(otlp|traces\.queue)`/);
  const reasons = warnings.map(line => String(line.reason));
  return { exported: count('exported'), dropped: count('dropped'), reasons, lines };
}

/** The spans of `initialize`, of the call, and of its request to the upstream. */
const all = 3;

describe('a collector that answers', () => {
  it.each([
    { status: 400, attempts: 1 },
    { status: 401, attempts: 1 },
    { status: 413, attempts: 1 },
    { status: 500, attempts: 1 },
    { status: 302, attempts: 1 },
    { status: 429, attempts: 4 },
    { status: 503, attempts: 4 },
  ])('[TEL-11] $status always is asked $attempts times, and all is dropped', async ({ status, attempts }) => {
    const collector = await collectorWith((_, response) => {
      response.writeHead(status, { 'retry-after': '0', location: 'http://127.0.0.1:1/' }).end();
    });
    const { exported, dropped, reasons } = await serve(collector.endpoint);
    expect([exported, dropped, collector.requests.length]).toEqual([0, all, attempts]);
    expect(reasons).toEqual([`it answered with HTTP status ${status}`]);
  });

  it('[TEL-11] 429 once gets the same spans again', async () => {
    let answers = 0;
    const collector = await collectorWith((request, response) => {
      answers += 1;
      if (answers > 1) return accept(request, response);
      response.writeHead(429, { 'retry-after': '0' }).end();
    });
    const { exported, dropped } = await serve(collector.endpoint);
    expect([exported, dropped, collector.requests.length]).toEqual([all, 0, 2]);
  });

  it.each([
    { what: 'a part', rejectedSpans: '2', dropped: 2 },
    { what: 'more than there was', rejectedSpans: '999', dropped: all },
    { what: 'a number below 0', rejectedSpans: '-5', dropped: 0 },
    { what: 'no number', rejectedSpans: 'x', dropped: 0 },
  ])('[TEL-11] that it rejects $what has that counted', async ({ rejectedSpans, dropped }) => {
    const collector = await collectorWith((_, response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ partialSuccess: { rejectedSpans, errorMessage: 'too\u001b[31m much' } }));
    });
    const served = await serve(collector.endpoint);
    expect([served.exported, served.dropped]).toEqual([all - dropped, dropped]);
    expect(JSON.stringify(served.reasons)).not.toContain('\u001b');
  });

  it.each([
    { what: 'garbage', body: '<html>' },
    { what: 'nothing', body: '' },
    { what: 'a huge body', body: 'x'.repeat(10 * 2 ** 20) },
  ])('[TEL-11] 200 with $what has accepted all', async ({ body }) => {
    const collector = await collectorWith((_, response) => void response.writeHead(200).end(body));
    expect(await serve(collector.endpoint)).toMatchObject({ exported: all, dropped: 0 });
  });
});

describe('a collector that is not reached', () => {
  it.each([
    { what: 'nothing listens', endpoint: 'http://127.0.0.1:1', reason: 'ECONNREFUSED' },
    { what: 'its name does not exist', endpoint: 'http://collector.invalid', reason: 'collector.invalid' },
  ])('[TEL-10][TEL-11] because $what loses the spans alone', async ({ endpoint, reason }) => {
    const headers = () => [['authorization', 'Bearer hush-hush']] as const;
    const { exported, dropped, reasons, lines } = await serve(endpoint, { headers, protocol: 'http/protobuf' });
    expect([exported, dropped]).toEqual([0, all]);
    expect(reasons).toEqual([expect.stringContaining(reason)]);
    expect(JSON.stringify(lines)).not.toContain('hush');
  });

  it('[TEL-11] because it has no TLS loses the spans alone', async () => {
    const collector = await collectorWith(accept);
    const { dropped, reasons } = await serve(collector.endpoint.replace('http:', 'https:'));
    expect([dropped, reasons.length, collector.requests.length]).toEqual([all, 1, 0]);
  });

  it('[TEL-11] because its secret cannot be read loses the spans alone', async () => {
    const collector = await collectorWith(accept);
    const headers = () => {
      throw new Error('the secret collector cannot be read');
    };
    const { dropped, reasons } = await serve(collector.endpoint, { headers });
    expect([dropped, reasons, collector.requests.length]).toEqual([all, ['the secret collector cannot be read'], 0]);
  });
});

it('[TEL-11][TEL-13] a collector that accepts and never answers holds up neither requests nor the shutdown', async () => {
  const collector = await collectorWith(() => {});
  const { exported, dropped } = await serve(collector.endpoint, { timeoutMs: 3_600_000 });
  expect([exported, dropped]).toEqual([0, all]);
});

it('[TEL-12] of a burst of 10,000 spans, those that the queue has no room for are dropped by whole requests', async () => {
  const collector = await collectorWith(() => {});
  const metrics = new Metrics();
  await using client = new OtlpClient({
    ...{ endpoint: collector.endpoint, protocol: 'http/json', timeoutMs: 60_000, compression: 'none' },
    headers: () => [],
  });
  const ending = new AbortController();
  const exports = new Exports<Span[]>({
    ...{ signal: 'traces', client, ending: ending.signal, metrics, log: silentLog() },
    serializer: { serializeRequest: () => new Uint8Array(1), deserializeResponse: () => ({}) },
  });
  const exporter = new SpanExporter(exports, 1_001);
  const ofRequest = Array.from({ length: 10 }, () => ({}) as Span);
  for (let request = 0; request < 1_000; request += 1) exporter.add(ofRequest);
  const dropped = () => metrics.series('sallyport_telemetry_dropped_total', { signal: 'traces' }).value;
  // 512 are being sent. Of the others, 100 requests fit.
  expect([exporter.room, dropped() % 10]).toEqual([expect.any(Number), 0]);
  expect(exporter.room).toBeLessThan(10);
  ending.abort();
  await exporter.close(ending.signal);
  expect(dropped()).toBe(10_000);
});
