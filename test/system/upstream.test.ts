import type { ServerResponse } from 'node:http';
import { describe, expect, it } from 'vitest';
import { freePort } from '../fixtures/everything.ts';
import { keep } from '../fixtures/keep.ts';
import { call, openGateway } from '../fixtures/open-gateway.ts';
import { expectHonestCall, openRawGateway } from '../fixtures/open-raw-gateway.ts';
import { type RawMessage, startRawHttpServer } from '../fixtures/raw-http-server.ts';

const script = new URL('../fixtures/raw-stdio-server.ts', import.meta.url).pathname;
const kinds = {
  stdio: async () => ({ id: 'raw', stdio: { command: process.execPath, args: [script] } }),
  'streamable HTTP': async () => ({ id: 'raw', http: { url: (await keep(startRawHttpServer())).url } }),
};

describe.each(Object.entries(kinds))('behind the gateway, a server over %s', (_, entry) => {
  it.each([
    { what: 'dies in the middle of a call', tool: 'die', code: 'upstream_closed', rpc: -32012 },
    { what: 'never answers', tool: 'never', code: 'upstream_timeout', rpc: -32011 },
    { what: 'answers with a broken message', tool: 'garbage', code: 'upstream_garbage', rpc: -32013 },
    { what: 'answers with no object', tool: 'not-an-object', code: 'upstream_garbage', rpc: -32013 },
  ])('that $what fails that call alone [GW-26]', async ({ tool, code, rpc }) => {
    // Long enough for the next honest call, which may have to start the server again.
    const request_timeout_ms = tool === 'never' ? 3_000 : 60_000;
    const gateway = await keep(openGateway([await entry()], { limits: { request_timeout_ms } }));
    const session = await gateway.session();
    const { status, body } = await gateway.post(call(tool, {}, 'asked'), session);
    expect(status).toBe(200);
    expect(body).toMatchObject({ id: 'asked', error: { code: rpc, data: { code, upstream: 'raw' } } });
    await expectHonestCall(gateway, session);
  });
});

it('tells the client which status refused its call and when to come again, and fails nobody else [GW-26] [UP-19]', async () => {
  const answer = (message: RawMessage, response: ServerResponse) => {
    if (message.params?.name !== 'limited') return false;
    response.writeHead(429, { 'retry-after': '7' }).end('slow down, a@example.com');
    return true;
  };
  const gateway = await keep(openRawGateway({}, { answer }));
  const session = await gateway.session();
  for (let times = 0; times < 8; times += 1) {
    const { body, headers } = await gateway.post(call('limited'), session);
    expect(headers.get('retry-after')).toBe('7');
    expect(body.error).toMatchObject({ data: { code: 'upstream_status', status: 429, retry_after_ms: 7_000 } });
    expect(JSON.stringify(body)).not.toContain('a@example.com');
  }
  await expectHonestCall(gateway, session);
  expect(gateway.upstream.methods).not.toContain('DELETE');
});

it('names the setting of the limit that a call met [UP-25]', async () => {
  const entry = { ...(await kinds['streamable HTTP']()), timeout_ms: 100 };
  const gateway = await keep(openGateway([entry], { limits: { request_timeout_ms: 60_000 } }));
  const { body } = await gateway.post(call('never'), await gateway.session());
  expect(body.error.data).toMatchObject({ after_ms: 100, setting: 'upstreams.raw.timeout_ms' });
});

it('keeps what a broken answer says to the log: no plugin has looked at it', async () => {
  const gateway = await keep(openRawGateway());
  const { body } = await gateway.post(call('garbage'), await gateway.session());
  expect(JSON.stringify(body)).not.toContain('it answered');
  expect(gateway.lines.at(-1)).toMatchObject({
    code: 'upstream_garbage',
    hint: expect.stringContaining('it answered'),
  });
});

it('tells a client that comes while the upstream is down, and serves it once it is up', async () => {
  const port = await freePort();
  const gateway = await keep(openGateway([{ id: 'raw', http: { url: `http://127.0.0.1:${port}/mcp` } }]));
  await expect(gateway.session()).rejects.toThrow('upstream_unavailable');
  await keep(startRawHttpServer({ port }));
  await expectHonestCall(gateway, await gateway.session());
});

it('finds its way back to ready by itself', async () => {
  const port = await freePort();
  const gateway = await keep(openGateway([{ id: 'raw', http: { url: `http://127.0.0.1:${port}/mcp` } }]));
  const readyz = async () => (await fetch(`${gateway.url}/readyz`)).status;
  expect(await readyz()).toBe(503);
  await keep(startRawHttpServer({ port }));
  await expect.poll(readyz).toBe(200);
});
