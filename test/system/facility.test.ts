import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { jsGuest } from '../fixtures/guest.ts';
import { guestDescriptor } from '../fixtures/guest-descriptor.ts';
import { openHost } from '../fixtures/open-host.ts';
import { type RawHttpServer, startRawHttpServer } from '../fixtures/raw-http-server.ts';

const script = `
import { get } from 'sallyport:plugin/secret-store@0.1.0';
import { reference } from 'sallyport:plugin/secret-store@0.1.0';
import { send } from 'sallyport:plugin/outbound-http@0.1.0';
import { get as header } from 'sallyport:plugin/request-headers@0.1.0';
import { count } from 'sallyport:plugin/metrics@0.1.0';
import { increment } from 'sallyport:plugin/kv-store@0.1.0';
export const lifecycle = { configure(text) { if (JSON.parse(text).refuse) throw 'not with ' + get('word'); } };
const ask = (url, name) => {
  try {
    const answer = send({ method: 'GET', url, headers: [[name, 'Bearer ' + reference('token')]], body: undefined });
    return answer.status;
  } catch (error) { return error.payload; }
};
export const dispatchHooks = {
  beforeDispatch(context, request) {
    const { url, name } = JSON.parse(request.val.arguments);
    count('calls', [['word', get('word')]], 1);
    const details = { asked: ask(url, name), team: header('x-team') ?? null, calls: Number(increment('calls', 1, undefined)) };
    return { tag: 'block', val: { code: 'SAID', reason: 'knows ' + get('word'), description: '', details: JSON.stringify(details) } };
  },
  afterDispatch: () => ({ tag: 'proceed' }),
};`;

describe('a gateway whose plugin has capabilities of all kinds', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-facility-'));
  const seen: unknown[] = [];
  const server = createServer((request, response) => {
    seen.push(request.headers.authorization);
    response.end('fine');
  });
  let origin: string;
  let upstream: RawHttpServer;
  let bytes: Uint8Array;
  beforeAll(async () => {
    process.env.SALLYPORT_TEST_TOKEN = 'a-token-of-some-length';
    process.env.SALLYPORT_TEST_WORD = 'open sesame';
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    upstream = await startRawHttpServer({ name: 'upstream' });
    const capabilities = ['secret_store', 'outbound_http', 'request_headers', 'metrics', 'kv_store'];
    bytes = await jsGuest(guestDescriptor('knows', { required_capabilities: capabilities }), script);
  });
  afterAll(async () => {
    await upstream?.[Symbol.asyncDispose]();
    server.close();
    rmSync(folder, { recursive: true });
  });
  const open = (config: object = {}) =>
    openHost(
      [
        {
          ...{ id: 'knows', bytes, config },
          grants: {
            secret_store: { names: ['word'], references: [{ name: 'token', origins: [origin] }] },
            outbound_http: { allow: [origin, 'http://127.0.0.1:9'], allow_private: ['127.0.0.1/32'] },
            request_headers: { names: ['x-team'] },
            metrics: {},
            kv_store: {},
          },
        },
      ],
      upstream.url,
      {
        secrets: [
          { name: 'word', env: 'SALLYPORT_TEST_WORD' },
          { name: 'token', env: 'SALLYPORT_TEST_TOKEN' },
        ],
        kv: { path: join(folder, 'kv.sqlite') },
      },
    );

  it('[CAP-48] [CAP-49] [CAP-55] sends a secret that it cannot see, keeps values over a restart, and masks what it knows', async () => {
    for (const calls of [1, 2]) {
      await using host = await open();
      const details = { asked: 200, team: null, calls };
      await expect(host.call('echo', { url: `${origin}/`, name: 'authorization' })).rejects.toMatchObject({
        data: { plugin: 'knows', reason: 'knows ***', details },
      });
    }
    expect(seen).toEqual(['Bearer a-token-of-some-length', 'Bearer a-token-of-some-length']);

    await using host = await open();
    for (const args of [
      { url: `${origin}/`, name: 'x-other' },
      { url: 'http://127.0.0.1:9/', name: 'authorization' },
    ]) {
      await expect(host.call('echo', args)).rejects.toMatchObject({
        data: { details: { asked: { tag: 'denied', val: expect.stringContaining('token may not be sent') } } },
      });
    }
    expect(seen).toHaveLength(2);
    expect(host.lines.filter(line => line.msg === 'audit')).toMatchObject([
      { audit: { event: 'capability.refused', capability: 'outbound_http' } },
      { audit: { event: 'capability.refused', capability: 'outbound_http' } },
    ]);

    const response = await fetch(`${host.url}/metrics`);
    expect(response.headers.get('content-type')).toContain('text/plain; version=0.0.4');
    const text = await response.text();
    for (const line of [
      'plugin_calls_total{plugin="knows",word="***"} 2',
      'sallyport_capability_refusals_total{plugin="knows",capability="outbound_http",reason="not_allowed"} 2',
      'sallyport_plugin_executions_total{plugin="knows",hook="tool_pre_invoke",status="block"} 2',
      'sallyport_plugin_duration_seconds_count{plugin="knows",hook="tool_pre_invoke"} 2',
      'sallyport_requests_total{binding="main",method="tools/call",status="200"} 2',
    ]) {
      expect(text.split('\n')).toContain(line);
    }
    const foreign = await fetch(`${host.url}/metrics`, { headers: { origin: 'https://evil.example.com' } });
    expect(foreign.status).toBe(403);
  });

  it('[CAP-49] masks the reason for which a plugin refuses its configuration', async () => {
    const refused = await open({ refuse: true }).then(
      () => undefined,
      (error: { faults: unknown }) => JSON.stringify(error.faults),
    );
    expect(refused).toContain('plugin_refused_config');
    expect(refused).toContain('not with ***');
    expect(refused).not.toContain('sesame');
  });

  it('[CAP-55] tells /metrics to nobody where nobody is to read it', async () => {
    await using host = await openHost([], upstream.url, { metrics: { serve: 'nobody' } });
    expect((await fetch(`${host.url}/metrics`)).status).toBe(404);
  });
});
