import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { initialize, mcpHeaders } from '../fixtures/open-gateway.ts';
import { openHost } from '../fixtures/open-host.ts';
import { postHead, rawClient } from '../fixtures/raw-client.ts';
import { startRawHttpServer } from '../fixtures/raw-http-server.ts';

const proxy = { from: ['127.0.0.1/32'], headers: { subject: 'x-user', tenant: 'x-tenant' } };

let opened: Awaited<ReturnType<typeof openHost>>;
let server: Awaited<ReturnType<typeof startRawHttpServer>>;

beforeAll(async () => {
  server = await startRawHttpServer({});
  const bindings = [{ id: 'main', upstreams: ['upstream'], allow: [{}] }];
  const identity = { schemes: [{ id: 'ingress', proxy }] };
  opened = await openHost([], server.url, { identity, bindings }, { headers: { 'x-user': 'test' } });
});
afterAll(async () => {
  await opened?.[Symbol.asyncDispose]();
  await server?.[Symbol.asyncDispose]();
});

async function enter(headers: Record<string, string>) {
  const response = await fetch(`${opened.url}/mcp`, {
    method: 'POST',
    headers: { ...mcpHeaders, ...headers },
    body: JSON.stringify(initialize()),
  });
  const { error } = (await response.json()) as { error?: { data: { code: string } } };
  return { status: response.status, challenge: response.headers.get('www-authenticate'), code: error?.data.code };
}

describe('a gateway whose proxy authenticates callers', () => {
  it('serves the caller that the proxy names, and logs it [GW-117]', async () => {
    expect(await enter({ 'x-user': 'ada', 'x-tenant': 'one' })).toEqual({
      status: 200,
      challenge: null,
      code: undefined,
    });
    await expect.poll(() => opened.lines).toContainEqual(expect.objectContaining({ subject: 'ada', tenant: 'one' }));
  });

  it('refuses anonymous callers and unknown credentials with a challenge, and logs why [GW-116]', async () => {
    expect(await enter({})).toEqual({ status: 401, challenge: 'Bearer', code: 'unauthenticated' });
    const challenge = 'Bearer error="invalid_token"';
    expect(await enter({ authorization: 'Bearer x' })).toEqual({ status: 401, challenge, code: 'credentials_refused' });
    const refused = { status: 401, code: 'credentials_refused', details: { reason: 'unknown' } };
    await expect.poll(() => opened.lines).toContainEqual(expect.objectContaining(refused));
  });

  it.each([
    ['twice', 'authorization', 'authorization'],
    ['in two spellings', 'Authorization', 'AUTHORIZATION'],
  ])('refuses credentials that are sent %s, of which a proxy may have checked others [GW-156]', async (_, ...names) => {
    using client = await rawClient(opened.url);
    const body = JSON.stringify(initialize());
    const head = postHead(opened.url, body, { 'x-user': 'ada', connection: 'close' });
    client.send([...head, ...names.map((name, index) => `${name}: Bearer ${index}`)], body);
    await client.closed;
    expect(client.text()).toMatch(/^HTTP\/1\.1 401 .*"code":"credentials_refused"/s);
    const refused = { code: 'credentials_refused', details: { reason: 'ambiguous', headers: ['authorization'] } };
    await expect.poll(() => opened.lines).toContainEqual(expect.objectContaining(refused));
  });
});
