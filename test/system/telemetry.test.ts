import { spawnSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { silentLog } from '../../host/src/core/log.ts';
import { createHost } from '../../host/src/host/create-host.ts';
import { accept, startFaultyCollector } from '../fixtures/faulty-collector.ts';
import { jsGuest } from '../fixtures/guest.ts';
import { guestDescriptor } from '../fixtures/guest-descriptor.ts';
import { startHttpApi } from '../fixtures/http-api.ts';
import { keep } from '../fixtures/keep.ts';
import { call, initialize, mcpHeaders } from '../fixtures/open-gateway.ts';
import { openHost } from '../fixtures/open-host.ts';
import { startRawHttpServer } from '../fixtures/raw-http-server.ts';

/** Opens a gateway, and prints which modules of OpenTelemetry were loaded for it. */
const script = `
import { registerHooks } from 'node:module';
const loaded = [];
registerHooks({
  load(url, context, next) {
    if (url.includes('/@opentelemetry/') || url.includes('/telemetry/')) loaded.push(url);
    return next(url, context);
  },
});
const { createHost, silentLog } = await import('@sallyport/host');
const host = await createHost(JSON.parse(process.argv[1]), { log: silentLog() });
await host.close();
console.log(loaded.length);
`;

const loadedFor = (config: object): number => {
  const arguments_ = ['--input-type=module', '-e', script, JSON.stringify(config)];
  const { stdout, stderr } = spawnSync(process.execPath, arguments_, { encoding: 'utf8', cwd: import.meta.dirname });
  expect(stderr).toBe('');
  return Number(stdout);
};

it('[TEL-08] no module for telemetry is loaded without it', () => {
  expect(loadedFor({})).toBe(0);
  expect(loadedFor({ telemetry: { otlp: { endpoint: 'http://127.0.0.1:1' }, signals: ['traces'] } })).toBeGreaterThan(
    0,
  );
});

/** A server over stdio whose tool returns the `_meta` that it was called with. */
const server = `
require('node:readline').createInterface({ input: process.stdin }).on('line', line => {
  const { id, method, params } = JSON.parse(line);
  const results = {
    initialize: { protocolVersion: '2025-11-25', capabilities: { tools: {} }, serverInfo: { name: 's', version: '1' } },
    'tools/list': { tools: [{ name: 'echo', inputSchema: { type: 'object' } }] },
    'tools/call': { content: [{ type: 'text', text: String(JSON.stringify(params?._meta)) }] },
  };
  if (id !== undefined) console.log(JSON.stringify({ jsonrpc: '2.0', id, result: results[method] ?? {} }));
});
`;

/** Calls a tool behind a gateway with telemetry. Returns the answer and the spans. */
async function callTraced(upstream: object, tool: string) {
  const collector = await keep(startFaultyCollector(accept));
  const { endpoint } = collector;
  const telemetry = { otlp: { endpoint, protocol: 'http/json' as const } };
  const host = await createHost({ upstreams: [{ id: 'up', ...upstream }], telemetry }, { log: silentLog() });
  const post = (message: object, session: Record<string, string> = {}) =>
    host.fetch(
      new Request('http://localhost/mcp', {
        method: 'POST',
        headers: { ...mcpHeaders, ...session },
        body: JSON.stringify(message),
      }),
    );
  const { headers } = await post(initialize());
  const answer = await post(call(tool), { 'mcp-session-id': String(headers.get('mcp-session-id')) });
  const { result } = JSON.parse(await answer.text());
  await host.close();
  return { result, client: collector.collected().spans.findLast(({ kind }) => kind === 3) };
}

it('[TEL-05] a trace goes on to an upstream over stdio in _meta', async () => {
  const { result, client } = await callTraced({ stdio: { command: process.execPath, args: ['-e', server] } }, 'echo');
  const traceparent = `00-${client?.traceId}-${client?.spanId}-01`;
  expect(JSON.parse(result.content[0].text)).toEqual({ traceparent });
  expect(client?.attributes).toMatchObject({ 'network.transport': 'pipe', 'sallyport.upstream': 'up' });
});

it('[TEL-05] a trace goes on to an HTTP API in a header', async () => {
  const api = await keep(startHttpApi());
  const document = {
    openapi: '3.0.3',
    info: { title: 'a', version: '1' },
    servers: [{ url: api.url }],
    paths: { '/a': { get: { operationId: 'read_a', responses: { 200: { description: 'a' } } } } },
  };
  const { client } = await callTraced({ openapi: { document, base_url: api.url } }, 'read_a');
  expect(api.requests.map(({ headers }) => headers.traceparent)).toEqual([
    `00-${client?.traceId}-${client?.spanId}-01`,
  ]);
});

it('[TEL-06] the log line of a plugin that fails has the ids of its request', async () => {
  const collector = await keep(startFaultyCollector(accept));
  const upstream = await keep(startRawHttpServer());
  const failing = `
export const lifecycle = { configure() {} };
export const dispatchHooks = {
  beforeDispatch() {
    throw new Error('as it was written');
  },
  afterDispatch: () => ({ tag: 'proceed' }),
};`;
  const bytes = await jsGuest(guestDescriptor('failing'), failing);
  const telemetry = { otlp: { endpoint: collector.endpoint } };
  const gateway = await keep(openHost([{ id: 'failing', bytes }], upstream.url, { telemetry }));
  await gateway.call('echo').catch(() => {});
  const failed = gateway.lines.find(line => line.msg === 'a plugin failed');
  const request = gateway.lines.find(line => line.msg === 'request' && line.name === 'echo');
  expect(failed?.trace_id).toMatch(/^[0-9a-f]{32}$/);
  expect([failed?.trace_id, failed?.span_id]).toEqual([request?.trace_id, request?.span_id]);
});
