import { describe, expect, it, onTestFinished } from 'vitest';
import { type CollectedSpan, startFaultyCollector } from '../../../test/fixtures/faulty-collector.ts';
import { inlineChain } from '../../../test/fixtures/inline-chain.ts';
import { call, initialize, openGateway, rpc } from '../../../test/fixtures/open-gateway.ts';
import { startRawHttpServer } from '../../../test/fixtures/raw-http-server.ts';
import { openTracedGateway } from '../../../test/fixtures/traced-gateway.ts';
import { SecretMask } from '../core/secret-mask.ts';

const traceId = '0af7651916cd43dd8448eb211c80319c';
const spanId = 'b7ad6b7169203331';
const parent = `00-${traceId}-${spanId}-01`;
const other = '00-11111111111111111111111111111111-2222222222222222-01';

/** A gateway with one upstream, whose telemetry goes to a collector. */
async function openTraced(settings: Parameters<typeof openTracedGateway>[1] = {}, chain = inlineChain()) {
  const collector = await startFaultyCollector();
  onTestFinished(() => collector[Symbol.asyncDispose]());
  const traced = await openTracedGateway(collector.endpoint, settings, chain);
  /** Sends what waits, and returns what the collector got. */
  const flush = async () => {
    await traced.telemetry[Symbol.asyncDispose]();
    return collector.collected();
  };
  return { ...traced, flush };
}

const named = (spans: readonly CollectedSpan[], name: string) => spans.filter(span => span.name === name);

describe('the spans of a call', () => {
  it('[TEL-01] are one of the server, one a hook call and one of the client, with what was called and what came of it', async () => {
    const hooked = inlineChain({ 'tools/call': () => undefined }, { 'tools/call': () => undefined });
    const { gateway, flush } = await openTraced({}, hooked);
    const session = await gateway.session();
    await gateway.post(call('echo', { text: 'a secret text' }, 'id-7'), {
      ...session,
      'mcp-protocol-version': '2025-11-25',
    });
    const { spans, resource } = await flush();
    const [server] = named(spans, 'tools/call echo').filter(span => span.kind === 2);
    const [client] = named(spans, 'tools/call echo').filter(span => span.kind === 3);
    expect(server?.attributes).toEqual({
      'mcp.method.name': 'tools/call',
      'mcp.protocol.version': '2025-11-25',
      'mcp.session.id': expect.stringMatching(/^[0-9a-f]{16}$/),
      'gen_ai.tool.name': 'echo',
      'gen_ai.operation.name': 'execute_tool',
      'jsonrpc.request.id': 'id-7',
      'network.protocol.name': 'http',
      'network.protocol.version': '1.1',
      'network.transport': 'tcp',
      'http.response.status_code': 200,
      'sallyport.request': gateway.lines.at(-1)?.request,
      'sallyport.binding': 'main',
      'sallyport.upstream': 'up',
    });
    expect(client?.attributes).toEqual({
      'mcp.method.name': 'tools/call',
      'mcp.protocol.version': '2025-11-25',
      'gen_ai.tool.name': 'echo',
      'gen_ai.operation.name': 'execute_tool',
      'network.protocol.name': 'http',
      'network.transport': 'tcp',
      'server.address': '127.0.0.1',
      'server.port': expect.any(Number),
      'sallyport.upstream': 'up',
    });
    const hooks = spans.filter(span => span.kind === 1);
    expect(hooks.map(span => span.name)).toEqual(['tool_pre_invoke inline', 'tool_post_invoke inline']);
    expect(hooks[0]?.attributes).toEqual({
      'sallyport.plugin.id': 'inline',
      'sallyport.plugin.version': '1.2.3',
      'sallyport.plugin.digest': 'sha256:abc',
      'sallyport.hook': 'tool_pre_invoke',
      'sallyport.mode': 'enforce',
      'sallyport.outcome': 'proceed',
      'sallyport.binding': 'main',
    });
    for (const span of [client, ...hooks]) {
      expect([span?.traceId, span?.parentSpanId]).toEqual([server?.traceId, server?.spanId]);
      expect(BigInt(span?.startTimeUnixNano ?? 0)).toBeGreaterThanOrEqual(BigInt(server?.startTimeUnixNano ?? 0));
      expect(BigInt(span?.endTimeUnixNano ?? 0)).toBeLessThanOrEqual(BigInt(server?.endTimeUnixNano ?? 0));
    }
    expect(resource).toMatchObject({ 'service.name': 'gateway', 'deployment.environment.name': 'test' });
    expect(named(spans, 'initialize')[0]?.attributes).toMatchObject({
      'mcp.method.name': 'initialize',
      'mcp.protocol.version': '2025-11-25',
    });
    expect(JSON.stringify(spans)).not.toContain('a secret text');
    expect(JSON.stringify(spans)).not.toContain(session['mcp-session-id']);
  });

  it.each([
    { what: 'an error of the upstream', message: call('no such tool'), rpc: '-32602', client: '-32602' },
    { what: 'a method that is unknown', message: rpc('evil/method\u001b[31m'), rpc: '-32601' },
    { what: 'params that are invalid', message: rpc('tools/call', { name: 7 }), rpc: '-32602' },
  ])(
    '[TEL-02] are errors for $what, with its number and without its words',
    async ({ message, rpc: number, client }) => {
      const { gateway, flush } = await openTraced();
      await gateway.post(message, await gateway.session());
      const { spans } = await flush();
      const server = spans.findLast(span => span.kind === 2);
      expect(server?.attributes).toMatchObject({ 'error.type': number, 'rpc.response.status_code': number });
      expect(server?.status).toEqual({ code: 2 });
      expect(spans.find(span => span.kind === 3)?.attributes['error.type']).toBe(client);
      expect(JSON.stringify(spans)).not.toContain('evil');
    },
  );
});

describe('the trace of a call', () => {
  it.each([
    { what: 'a header', headers: { traceparent: parent }, meta: undefined, links: [] },
    { what: '_meta', headers: {}, meta: { traceparent: parent }, links: [] },
    {
      what: '_meta, and a header that is linked',
      headers: { traceparent: other },
      meta: { traceparent: parent },
      links: [{ traceId: '1'.repeat(32), spanId: '2'.repeat(16) }],
    },
    {
      what: 'a header, where _meta is invalid',
      headers: { traceparent: parent },
      meta: { traceparent: 'x'.repeat(100_000) },
      links: [],
    },
  ])(
    '[TEL-05] continues that of $what, and goes on to the upstream in a header and in _meta',
    async ({ headers, meta, links }) => {
      const { gateway, received, flush } = await openTraced();
      const message = rpc('tools/call', {
        name: 'echo',
        arguments: {},
        ...(meta && { _meta: { ...meta, baggage: 'a=1' } }),
      });
      await gateway.post(message, { ...(await gateway.session()), ...headers, baggage: 'user=alice' });
      const { spans } = await flush();
      const server = spans.findLast(span => span.kind === 2);
      const client = spans.find(span => span.kind === 3);
      expect([server?.traceId, server?.parentSpanId]).toEqual([traceId, spanId]);
      expect(server?.links?.map(link => ({ traceId: link.traceId, spanId: link.spanId }))).toEqual(links);
      const passed = `00-${traceId}-${client?.spanId}-01`;
      expect(received[0]?.headers).toMatchObject({ traceparent: passed });
      expect(received[0]?.headers).not.toHaveProperty('baggage');
      expect(received[0]?.meta).toEqual({ traceparent: passed });
    },
  );

  it('[TEL-06] has its ids in the log line of the request', async () => {
    const { gateway, flush } = await openTraced();
    await gateway.post(call('echo'), await gateway.session());
    await gateway.post(call('no such tool'), await gateway.session());
    const { spans } = await flush();
    const servers = spans.filter(span => span.kind === 2);
    expect(gateway.lines.map(line => [line.trace_id, line.span_id])).toEqual(
      servers.map(span => [span.traceId, span.spanId]),
    );
  });

  it.each([
    { what: 'its caller cannot force it', sample: 0, trustsParent: false, sent: parent, spans: 0, flag: '00' },
    {
      what: 'its caller cannot prevent it',
      sample: 1,
      trustsParent: false,
      sent: parent.replace(/1$/, '0'),
      spans: 1,
      flag: '01',
    },
    { what: 'a trusted caller forces it', sample: 0, trustsParent: true, sent: parent, spans: 1, flag: '01' },
    {
      what: 'a trusted caller prevents it',
      sample: 1,
      trustsParent: true,
      sent: parent.replace(/1$/, '0'),
      spans: 0,
      flag: '00',
    },
  ])('[TEL-07] is sampled as configured: $what', async ({ sample, trustsParent, sent, spans: count, flag }) => {
    const { gateway, received, flush } = await openTraced({ traces: { sample, trustsParent, queue: 4096 } });
    await gateway.post(call('echo'), { ...(await gateway.session()), traceparent: sent });
    const { spans } = await flush();
    expect(spans.filter(span => span.kind === 3)).toHaveLength(count);
    expect(received[0]?.headers).toMatchObject({
      traceparent: expect.stringMatching(new RegExp(`^00-${traceId}-[0-9a-f]{16}-${flag}$`)),
    });
  });
});

it('[TEL-08] without telemetry, what a client states of a trace reaches the upstream as it came', async () => {
  await using upstream = await startRawHttpServer();
  await using gateway = await openGateway([{ id: 'up', http: { url: upstream.url, headers: {} } }]);
  const meta = { traceparent: 'anything', baggage: 'a=1' };
  await gateway.post(rpc('tools/call', { name: 'echo', arguments: {}, _meta: meta }), await gateway.session());
  const sent = upstream.bodies.map(body => JSON.parse(body)).find(message => message.method === 'tools/call');
  expect(sent.params._meta).toEqual(meta);
  expect(gateway.lines.at(-1)).not.toHaveProperty('trace_id');
});

it('[TEL-01] the id of a message is shown without known secrets', async () => {
  const mask = new SecretMask();
  mask.learn('s3cret-value');
  const { gateway, flush } = await openTraced({ mask });
  await gateway.post(call('echo', {}, 's3cret-value\ud800'), await gateway.session());
  const { spans } = await flush();
  expect(JSON.stringify(spans)).not.toContain('s3cret-value');
  expect(spans.some(span => String(span.attributes['jsonrpc.request.id']).endsWith('\ufffd'))).toBe(true);
});

it('[TEL-09] metrics have the names and the numbers of /metrics, and durations as the conventions have them', async () => {
  const { gateway, metrics, flush } = await openTraced();
  const session = await gateway.session();
  for (let calls = 0; calls < 3; calls += 1) await gateway.post(call('echo'), session);
  await gateway.post(call('no such tool'), session);
  const text = metrics.text();
  const { metrics: collected } = await flush();
  const shown = [...collected].flatMap(([name, points]) =>
    name.startsWith('sallyport_') && !name.startsWith('sallyport_telemetry_')
      ? points.map(({ attributes, value, count }) => {
          const labels = Object.entries(attributes).map(([label, each]) => `${label}="${each}"`);
          return `${name}${count === undefined ? '' : '_count'}{${labels.join()}} ${value ?? count}`;
        })
      : [],
  );
  expect(shown.length).toBeGreaterThan(3);
  for (const line of shown) expect(text).toContain(line.replace('{}', ''));
  const [seconds] = collected.get('sallyport_request_seconds') ?? [];
  const buckets = [...text.matchAll(/^sallyport_request_seconds_bucket\{.*le="([^"]+)"\} (\d+)$/gm)];
  expect(seconds?.bounds).toEqual(buckets.slice(0, -1).map(([, bound]) => Number(bound)));
  expect(seconds?.buckets?.map((_, place, all) => all.slice(0, place + 1).reduce((sum, each) => sum + each))).toEqual(
    buckets.map(([, , count]) => Number(count)),
  );
  const echoed = collected
    .get('mcp.server.operation.duration')
    ?.find(({ attributes }) => attributes['gen_ai.tool.name'] === 'echo');
  expect(echoed).toMatchObject({
    count: 3,
    attributes: { 'mcp.method.name': 'tools/call', 'network.transport': 'tcp' },
  });
  const [failed] =
    collected
      .get('mcp.client.operation.duration')
      ?.filter(({ attributes }) => attributes['error.type'] !== undefined) ?? [];
  expect(failed).toMatchObject({ count: 1, attributes: { 'server.address': '127.0.0.1' } });
});

it('[TEL-05] each message of a batch is part of the trace of the batch, or of that in its own _meta', async () => {
  const { gateway, flush } = await openTraced();
  const { headers } = await gateway.post(initialize('2025-03-26'));
  const session = { 'mcp-session-id': String(headers.get('mcp-session-id')) };
  const traced = rpc('tools/call', { name: 'echo', arguments: {}, _meta: { traceparent: parent } }, 2);
  await gateway.post(JSON.stringify([call('echo', {}, 1), traced]), session);
  const { spans } = await flush();
  const [batch] = named(spans, 'batch');
  const parts = named(spans, 'tools/call echo').filter(span => span.kind === 2);
  expect(parts.find(span => span.attributes['jsonrpc.request.id'] === '1')?.parentSpanId).toBe(batch?.spanId);
  expect(parts.find(span => span.attributes['jsonrpc.request.id'] === '2')).toMatchObject({
    traceId,
    parentSpanId: spanId,
  });
});
