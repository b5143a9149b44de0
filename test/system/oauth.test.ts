import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Misbehave, startFakeIssuer } from '../fixtures/fake-issuer.ts';
import { call, initialize, mcpHeaders } from '../fixtures/open-gateway.ts';
import { openServingHost } from '../fixtures/open-host.ts';
import { startRawHttpServer } from '../fixtures/raw-http-server.ts';

type Issuer = Awaited<ReturnType<typeof startFakeIssuer>>;

let server: Awaited<ReturnType<typeof startRawHttpServer>>;
beforeAll(async () => {
  server = await startRawHttpServer({});
});
afterAll(() => server?.[Symbol.asyncDispose]());

const publicUrl = 'https://mcp.example/door';

/** A gateway that accepts tokens of an issuer, for two bindings. */
async function open(issuer: Issuer) {
  const more = {
    identity: {
      public_url: publicUrl,
      schemes: [{ id: 'as', oauth: { issuer: issuer.url, claims: { tenant: 'org' } } }],
    },
    bindings: [
      { id: 'main', upstreams: ['upstream'], allow: [{}] },
      { id: 'files', upstreams: ['upstream'], required_scopes: ['files:read'], allow: [{}] },
      {
        ...{ id: 'mail', upstreams: ['upstream'], required_scopes: ['mcp'] },
        allow: [
          { tenants: ['two'], scopes: ['two:all'] },
          { scopes: ['mail:read'], tools: ['read'] },
          { schemes: ['a*'], scopes: ['mail:read', 'mail:send'], tools: ['send'] },
        ],
      },
    ],
    allowed_origins: ['https://chat.example'],
  };
  const opened = await openServingHost([], server.url, more);
  const { url } = opened;
  const post = async (
    token: string | undefined,
    path = '/mcp',
    headers: Record<string, string> = {},
    message: object = initialize(),
  ) => {
    const credentials = token === undefined ? {} : { authorization: `Bearer ${token}` };
    const response = await fetch(`${url}${path}`, {
      method: 'POST',
      headers: { ...mcpHeaders, ...credentials, ...headers },
      body: JSON.stringify(message),
    });
    const { error } = (await response.json()) as { error?: { data: { code: string } } };
    const { status } = response;
    return {
      status,
      headers: response.headers,
      challenge: response.headers.get('www-authenticate'),
      code: error?.data.code,
    };
  };
  return { ...opened, post };
}

const aud = `${publicUrl}/mcp`;

describe('a gateway that accepts access tokens', () => {
  let issuer: Issuer;
  let gateway: Awaited<ReturnType<typeof open>>;
  beforeAll(async () => {
    issuer = await startFakeIssuer();
    gateway = await open(issuer);
  });
  afterAll(async () => {
    await gateway?.[Symbol.asyncDispose]();
    await issuer?.[Symbol.asyncDispose]();
  });

  it('requests nothing from the issuer before a token arrives [GW-132]', async () => {
    const { status } = await gateway.post(undefined);
    expect([status, issuer.requests]).toEqual([401, []]);
  });

  it('serves the caller that a token names, and logs it [GW-130]', async () => {
    const token = await issuer.sign({ aud, org: 'one' });
    expect(await gateway.post(token)).toMatchObject({ status: 200, challenge: null });
    await expect
      .poll(() => gateway.lines)
      .toContainEqual(expect.objectContaining({ msg: 'request', subject: 'ada', tenant: 'one', status: 200 }));
    expect(issuer.requests).toEqual(['/.well-known/oauth-authorization-server', '/keys']);
    expect(JSON.stringify(gateway.lines)).not.toContain(token);
  });

  it('refuses other tokens with a challenge, and logs the reason but not the token [GW-130]', async () => {
    const token = await issuer.sign({ aud, org: 'one', exp: 1 });
    const { status, code, challenge } = await gateway.post(token);
    expect([status, code]).toEqual([401, 'credentials_refused']);
    expect(challenge).toBe(
      'Bearer error="invalid_token", error_description="The access token is not accepted", ' +
        'resource_metadata="https://mcp.example/.well-known/oauth-protected-resource/door/mcp"',
    );
    const refused = { status: 401, details: { scheme: 'as', reason: 'expired' } };
    await expect.poll(() => gateway.lines).toContainEqual(expect.objectContaining(refused));
    expect(JSON.stringify(gateway.lines)).not.toContain(token);
  });

  it('reads tokens of no other place than the header [GW-130]', async () => {
    const token = await issuer.sign({ aud, org: 'one' });
    expect(await gateway.post(undefined, `/mcp?access_token=${token}`)).toMatchObject({ code: 'unauthenticated' });
    expect(await gateway.post(undefined, '/mcp', { cookie: `access_token=${token}` })).toMatchObject({
      code: 'unauthenticated',
    });
  });

  it('asks for the scopes that a binding needs [GW-134]', async () => {
    const files = `${publicUrl}/files/mcp`;
    const few = await gateway.post(await issuer.sign({ aud: files, org: 'one', scope: 'files:write' }), '/files/mcp/');
    expect([few.status, few.code]).toEqual([403, 'insufficient_scope']);
    expect(few.challenge).toBe(
      'Bearer error="insufficient_scope", error_description="The access token has too few scopes", ' +
        'resource_metadata="https://mcp.example/.well-known/oauth-protected-resource/door/files/mcp", scope="files:read"',
    );
    const enough = await issuer.sign({ aud: `${files}/`, org: 'one', scope: 'files:write files:read' });
    expect(await gateway.post(enough, '/mcp/files')).toMatchObject({ status: 200 });
    expect(await gateway.post(enough, '/mcp')).toMatchObject({ status: 401, code: 'credentials_refused' });
    expect((await gateway.post(undefined, '/mcp/files')).challenge).toContain('scope="files:read"');
  });

  it('publishes the scopes of rules that are about anyone, and asks for those that are missing beside the rest [GW-134]', async () => {
    const metadata = await fetch(`${gateway.url}/.well-known/oauth-protected-resource/mail/mcp`);
    expect(await metadata.json()).toMatchObject({ scopes_supported: ['mail:read', 'mail:send', 'mcp'] });
    expect((await gateway.post(undefined, '/mail/mcp')).challenge).toContain('scope="mail:read mcp"');
    const sign = (org: string, scope: string) => issuer.sign({ aud: `${publicUrl}/mail/mcp`, org, scope });
    const reader = await sign('one', 'mail:read mcp');
    const { status, headers } = await gateway.post(reader, '/mail/mcp');
    expect(status).toBe(200);
    const session = { 'mcp-session-id': String(headers.get('mcp-session-id')) };
    expect(await gateway.post(reader, '/mail/mcp', session, call('send'))).toMatchObject({
      ...{ status: 403, code: 'insufficient_scope' },
      challenge: expect.stringContaining('scope="mail:read mail:send mcp"'),
    });
    expect((await gateway.post(await sign('two', 'mcp'), '/mail/mcp')).challenge).toContain('scope="mcp two:all"');
  });

  const wellKnown = '/.well-known/oauth-protected-resource';
  it.each([
    [wellKnown, `${publicUrl}/mcp`],
    [`${wellKnown}/mcp`, `${publicUrl}/mcp`],
    [`${wellKnown}/door/mcp`, `${publicUrl}/mcp`],
    [`${wellKnown}/door/mcp/main`, `${publicUrl}/mcp/main`],
    [`${wellKnown}/files/mcp/`, `${publicUrl}/files/mcp`],
  ])('describes a binding to everybody at %s [GW-131]', async (path, resource) => {
    const response = await fetch(`${gateway.url}${path}`);
    expect([response.status, await response.json()]).toMatchObject([
      200,
      { resource, authorization_servers: [issuer.url] },
    ]);
    expect((await fetch(`${gateway.url}${path}`, { method: 'HEAD' })).status).toBe(200);
  });

  it.each([`${wellKnown}/mcp/none`, `${wellKnown}/door`, `${wellKnown}x`])(
    'answers 404 for %s [GW-131]',
    async path => {
      expect((await fetch(`${gateway.url}${path}`)).status).toBe(404);
    },
  );

  it('lets an allowed page read metadata and challenges, and no other [GW-131]', async () => {
    const origin = 'https://chat.example';
    const ask = {
      origin,
      'access-control-request-method': 'GET',
      'access-control-request-headers': 'mcp-protocol-version',
    };
    const preflight = await fetch(`${gateway.url}${wellKnown}/mcp`, { method: 'OPTIONS', headers: ask });
    expect(preflight.status).toBe(204);
    const read = await fetch(`${gateway.url}${wellKnown}/mcp`, { headers: { origin } });
    expect([read.status, read.headers.get('access-control-allow-origin')]).toEqual([200, origin]);
    const { headers } = await gateway.post(undefined, '/mcp', { origin });
    expect(headers.get('access-control-expose-headers')).toContain('www-authenticate');
    const foreign = await fetch(`${gateway.url}${wellKnown}/mcp`, { headers: { origin: 'https://evil.example' } });
    expect([foreign.status, foreign.headers.get('access-control-allow-origin')]).toEqual([403, null]);
  });
});

describe('thousands of bad tokens a second [GW-137]', () => {
  it('fill no log, are refused without being checked, and hold up no caller who was accepted before', async () => {
    await using issuer = await startFakeIssuer();
    await using gateway = await open(issuer);
    const good = await issuer.sign({ aud, org: 'one' });
    expect(await gateway.post(good)).toMatchObject({ status: 200 });
    const [header, claims] = good.split('.');
    const answers = [];
    const began = performance.now();
    for (let round = 0; round < 20; round += 1) {
      const bad = Array.from({ length: 50 }, () => `${header}.${claims}.${randomBytes(64).toString('base64url')}`);
      answers.push(...(await Promise.all(bad.map(token => gateway.post(token)))));
      expect(await gateway.post(good)).toMatchObject({ status: 200 });
    }
    const throttled = answers.filter(({ status }) => status === 429);
    // 200 may be wrong at once, and 50 more each second.
    const checked = 200 + (50 * (performance.now() - began)) / 1_000;
    expect(throttled.length).toBeGreaterThanOrEqual(1_000 - Math.ceil(checked));
    expect(throttled.length).toBeGreaterThan(0);
    expect(throttled[0]).toMatchObject({ code: 'authentication_throttled', challenge: null });
    expect(throttled[0]?.headers.get('retry-after')).toBe('1');
    expect(answers.filter(({ status }) => status === 401).length + throttled.length).toBe(1_000);
    expect(gateway.lines.filter(line => line.level === 40).length).toBeLessThan(25);
    const audited = gateway.lines.filter(({ msg }) => msg === 'audit').map(({ audit }) => audit);
    expect(audited).toHaveLength(5);
    const details = { scheme: 'as', reason: 'wrong_signature', binding: 'main', address: expect.any(String) };
    expect(audited[0]).toEqual({ event: 'authentication.refused', request: expect.any(String), details });
    const metrics = await (await fetch(`${gateway.url}/metrics`)).text();
    const series = (outcome: string, reason: string) =>
      `sallyport_authentications_total{scheme="as",outcome="${outcome}",reason="${reason}"}`;
    expect(metrics).toContain(`${series('accepted', '')} 21\n`);
    expect(metrics).toContain(series('refused', 'wrong_signature'));
    expect(metrics).toContain(series('throttled', ''));
    expect(metrics).not.toContain(good);
  });
});

describe('an issuer that misbehaves makes its tokens wait, and is not believed [GW-133]', () => {
  const at =
    (path: string, status: number, headers: Record<string, string>, body = ''): Misbehave =>
    ({ url }, response) => {
      if (url !== path) return false;
      response.writeHead(status, headers).end(body);
      return true;
    };
  const json = { 'content-type': 'application/json' };
  const metadata = '/.well-known/oauth-authorization-server';
  const cases: readonly { what: string; misbehave: Misbehave; says: RegExp }[] = [
    {
      what: 'keys of a megabyte',
      misbehave: at('/keys', 200, json, `{"keys":[],"x":"${'x'.repeat(2 ** 20)}"}`),
      says: /too-large/,
    },
    {
      what: 'a redirect of its keys',
      misbehave: at('/keys', 302, { location: 'http://169.254.169.254/' }),
      says: /status 302/,
    },
    {
      what: 'a redirect of its metadata',
      misbehave: at(metadata, 307, { location: 'https://as.example' }),
      says: /status 307/,
    },
    {
      what: 'keys that are a page',
      misbehave: at('/keys', 200, { 'content-type': 'text/html' }, '{"keys":[]}'),
      says: /not JSON/,
    },
    { what: 'keys that are no JSON', misbehave: at('/keys', 200, json, '{"keys":'), says: /not a JSON object/ },
    { what: 'keys that are not UTF-8', misbehave: at('/keys', 200, json, '\xff'), says: /not a JSON object/ },
    { what: 'no keys', misbehave: at('/keys', 404, {}), says: /no keys/ },
    { what: 'a failure', misbehave: at('/keys', 500, {}), says: /status 500/ },
    { what: 'keys that never end', misbehave: dripping, says: /no answer within|timeout/ },
    {
      what: 'metadata that names keys in a private network',
      misbehave: named('https://10.0.0.1/keys'),
      says: /not in the grant|denied/,
    },
    { what: 'metadata that names keys in a file', misbehave: named('file:///etc/passwd'), says: /http/ },
    {
      what: 'metadata of another issuer',
      misbehave: at(metadata, 200, json, '{"issuer":"https://evil.example"}'),
      says: /another issuer/,
    },
  ];
  it.each(cases)('$what', async ({ misbehave, says }) => {
    await using issuer = await startFakeIssuer();
    await using gateway = await open(issuer);
    issuer.misbehave = misbehave;
    const token = await issuer.sign({ aud, org: 'one' });
    const { status, code, headers, challenge } = await gateway.post(token);
    expect([status, code, challenge]).toEqual([503, 'identity_unavailable', null]);
    expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
    const line = expect.objectContaining({ code: 'identity_unavailable', details: expect.anything() });
    await expect.poll(() => gateway.lines).toContainEqual(line);
    const logged = gateway.lines.find(each => each.code === 'identity_unavailable');
    expect(JSON.stringify(logged?.details)).toMatch(says);
  });

  it('that has replaced its keys a moment after they were fetched', async () => {
    await using issuer = await startFakeIssuer();
    await using gateway = await open(issuer);
    expect(await gateway.post(await issuer.sign({ aud, org: 'one' }))).toMatchObject({ status: 200 });
    const early = issuer.requests.length;
    issuer.rotate();
    const token = await issuer.sign({ aud, org: 'one' });
    // Within ten seconds of the last fetch, nothing is fetched.
    expect(await gateway.post(token)).toMatchObject({ status: 401 });
    expect(issuer.requests.length).toBe(early);
  });
});

function dripping({ url }: { readonly url?: string | undefined }, response: Parameters<Misbehave>[1]): boolean {
  if (url !== '/keys') return false;
  response.writeHead(200, { 'content-type': 'application/json' });
  const drip = setInterval(() => response.write(' '), 200);
  response.on('close', () => clearInterval(drip));
  return true;
}

/** Metadata of the issuer itself that names these keys. */
function named(keys: string): Misbehave {
  return ({ url, headers }, response) => {
    if (url !== '/.well-known/oauth-authorization-server') return false;
    const body = JSON.stringify({ issuer: `http://${headers.host}`, jwks_uri: keys });
    response.writeHead(200, { 'content-type': 'application/json' }).end(body);
    return true;
  };
}
