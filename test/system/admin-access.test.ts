import { describe, expect, it } from 'vitest';
import { type AdminRequestOptions, adminToken, openAdminGateway } from '../fixtures/admin-gateway.ts';

const refusal = ({ status, body }: { status: number; body: { error: { code: string } } }) => [status, body.error.code];

describe('the management API', () => {
  it('[ADM-101] is off unless it is configured', async () => {
    await using off = await openAdminGateway({ admin: null });
    const refused = await off.call('GET', '/admin/status');
    expect([refused.status, refused.body.error.data.code]).toEqual([404, 'path_unknown']);
  });

  const callers: readonly (readonly [what: string, options: AdminRequestOptions, status: number, code: string])[] = [
    ['without credentials', { token: undefined }, 401, 'unauthenticated'],
    ['with a token that is wrong', { token: `${adminToken}0` }, 401, 'credentials_refused'],
    ['with a key that nobody created', { token: `sallyport_${'a'.repeat(12)}_b` }, 401, 'credentials_refused'],
    ['with another scheme', { token: undefined, headers: { authorization: 'Basic YTpi' } }, 401, 'credentials_refused'],
    ['for another host', { headers: { host: 'evil.example' } }, 403, 'host_refused'],
    ['from a page', { headers: { origin: 'http://evil.example' } }, 403, 'origin_refused'],
    ['from a page of this machine', { headers: { origin: 'http://localhost:3000' } }, 403, 'origin_refused'],
    ['from a page without an origin', { headers: { 'sec-fetch-site': 'cross-site' } }, 403, 'origin_refused'],
  ];

  it('[ADM-101] refuses callers that it does not know, and every page in a browser', async () => {
    await using gateway = await openAdminGateway();
    for (const [what, options, ...expected] of callers) {
      const refused = await gateway.call('GET', '/admin/status', options);
      expect([what, ...refusal(refused)]).toEqual([what, ...expected]);
      expect(refused.headers).not.toHaveProperty('access-control-allow-origin');
      expect(refused.headers['cache-control']).toBe('no-store');
      if (refused.status === 401) expect(refused.headers['www-authenticate']).toMatch(/^Bearer/);
    }
    const preflight = await gateway.call('OPTIONS', '/admin/status', { headers: { origin: gateway.url } });
    expect(refusal(preflight)).toEqual([403, 'origin_refused']);
    const served = await gateway.call('GET', '/admin/status');
    expect(served).toMatchObject({ status: 200, headers: { 'cache-control': 'no-store' } });
  });

  it('[ADM-102] gives a key of callers no power without its scope, and a reader none to change', async () => {
    await using gateway = await openAdminGateway({
      identity: { schemes: [{ id: 'callers', api_keys: { file: 'keys.jsonl' } }] },
    });
    const [caller, reader, writer] = [
      await gateway.key('tools'),
      await gateway.key('admin:read'),
      await gateway.key('admin:write'),
    ];
    const status = (token: string) => gateway.call('GET', '/admin/status', { token });
    // The file is read again after a moment.
    await expect.poll(async () => refusal(await status(caller))).toEqual([403, 'insufficient_scope']);
    expect(await status(reader)).toMatchObject({ status: 200 });
    expect(await status(writer)).toMatchObject({ status: 200 });
    expect(gateway.audited()).toContainEqual(
      expect.objectContaining({
        ...{ event: 'admin.refused', subject: 'ops' },
        details: { reason: 'insufficient_scope', address: '127.0.0.1', operation: 'GET /admin/status' },
      }),
    );
  });

  it('[ADM-103] refuses credentials in the URL, and does not log them', async () => {
    await using gateway = await openAdminGateway();
    const key = await gateway.key('admin:read');
    const obvious = [
      `/admin/status?token=${adminToken}`,
      `/admin/status?access_token=x`,
      `/admin/status?x=${encodeURIComponent(key)}`,
      `/admin/plugins/${key}`,
    ];
    for (const path of [...obvious, `/admin/status?anything=${adminToken}`, `/admin/plugins/${adminToken}`]) {
      expect(refusal(await gateway.call('GET', path))).toEqual([400, 'credentials_in_url']);
      const [status, code] = obvious.includes(path) ? [400, 'credentials_in_url'] : [401, 'unauthenticated'];
      expect(refusal(await gateway.call('GET', path, { token: undefined }))).toEqual([status, code]);
    }
    expect(gateway.text.join('')).not.toContain(key);
    expect(gateway.text.join('')).not.toContain(adminToken);
    const reasons = gateway.audited().map(({ details }) => (details as { reason: string }).reason);
    expect(reasons).toContain('credentials_in_url');
  });

  it('[ADM-104] does not say whether a text in the URL is the token to callers whom it does not know', async () => {
    await using gateway = await openAdminGateway();
    const wrong = adminToken.replace('0', '1');
    for (const options of [{ token: undefined }, { token: wrong }]) {
      const [right, other] = await Promise.all(
        [adminToken, wrong].map(guess => gateway.call('GET', `/admin/status?x=${guess}`, options)),
      );
      expect(refusal(right as never)).toEqual(refusal(other as never));
    }
  });

  it('[ADM-104] slows an address that guesses, records it, and lets in whoever was let in before', async () => {
    await using gateway = await openAdminGateway();
    expect(await gateway.call('GET', '/admin/status')).toMatchObject({ status: 200 });
    const codes = new Set<string>();
    for (let guess = 0; guess < 40; guess += 1) {
      const { body, headers } = await gateway.call('GET', '/admin/status', { token: `guess-${guess}` });
      codes.add(body.error.code);
      if (body.error.code === 'authentication_throttled') expect(headers['retry-after']).toBe('1');
    }
    expect([...codes]).toEqual(['credentials_refused', 'authentication_throttled']);
    expect(await gateway.call('GET', '/admin/status')).toMatchObject({ status: 200 });
    const refused = gateway.audited().filter(({ event }) => event === 'authentication.refused');
    expect(refused).toHaveLength(5);
    expect(refused[0]).toMatchObject({ details: { scheme: 'admin', reason: 'unknown', address: '127.0.0.1' } });
    const metrics = await (await fetch(`${gateway.url}/metrics`)).text();
    expect(metrics).toMatch(/authentications_total\{scheme="admin",outcome="throttled",reason=""\} [1-9]/);
  });

  it('[ADM-101] does not start with a token that could be guessed', async () => {
    const secrets = [{ name: 'admin-token', env: 'ADMIN_TOKEN_OF_TEST' }];
    process.env.ADMIN_TOKEN_OF_TEST = 'short';
    await expect(openAdminGateway({ secrets })).rejects.toThrow(/admin_token_unusable/);
  });

  const paths: readonly (readonly [method: string, path: string, status: number, code: string])[] = [
    ['GET', '/admin', 404, 'path_unknown'],
    ['GET', '/admin/', 404, 'path_unknown'],
    ['GET', '/admin/nothing', 404, 'path_unknown'],
    ['GET', '/admin/status/', 404, 'path_unknown'],
    ['GET', '/admin/%73tatus', 404, 'path_unknown'],
    ['GET', '/admin/../admin/status', 404, 'path_unknown'],
    ['GET', '/admin/%', 404, 'path_unknown'],
    ['POST', '/admin/status', 405, 'http_method_refused'],
    ['GET', '/admin/status?more=1', 400, 'admin_input_invalid'],
    ['GET', '/admin/status?more=1&more=2', 400, 'admin_input_invalid'],
  ];
  it('[ADM-105] refuses paths, methods and parameters that it does not know', async () => {
    await using gateway = await openAdminGateway();
    for (const [method, path, ...expected] of paths) {
      expect([path, ...refusal(await gateway.call(method, path))]).toEqual([path, ...expected]);
    }
    expect((await gateway.call('POST', '/admin/status')).headers.allow).toBe('GET');
  });

  it.each([{}, { listen: '127.0.0.1:0' }])(
    '[ADM-115] [ADM-112] answers changes beside an identity section, with %j',
    async admin => {
      const identity = {
        schemes: [{ id: 'callers', proxy: { from: ['127.0.0.1/32'], headers: { subject: 'x-user' } } }],
      };
      await using gateway = await openAdminGateway({ admin, identity });
      const writer = await gateway.key('admin:write');
      for (const token of [adminToken, writer]) {
        const body = { id: `b${token.length}`, upstreams: ['upstream'] };
        const changed = () => gateway.call('POST', '/admin/bindings', { token, body });
        // The file of keys is read again after a moment.
        await expect.poll(async () => (await changed()).status).not.toBe(401);
        const ids = (await gateway.call('GET', '/admin/bindings')).body.bindings.map(({ id }: { id: string }) => id);
        expect(ids).toContain(body.id);
      }
      const made = gateway.audited().filter(({ event }) => event === 'admin.change');
      const answered = gateway
        .lines()
        .filter(({ method, status }) => method === 'POST /admin/bindings' && status === 200);
      expect([made.length, answered.length]).toEqual([2, 2]);
      // Refused callers are not listed: they are nobody that is known.
      expect((await fetch(`${gateway.url}/mcp`, { method: 'POST' })).status).toBe(401);
      expect((await gateway.call('GET', '/admin/principals')).body.principals).toEqual([]);
    },
  );

  it('[ADM-101] has an address of its own if that is configured, and is nowhere else', async () => {
    await using gateway = await openAdminGateway({ admin: { listen: '127.0.0.1:0' } });
    expect(gateway.adminUrl).not.toBe(gateway.url);
    expect(await gateway.call('GET', '/admin/status')).toMatchObject({ status: 200 });
    expect((await fetch(`${gateway.url}/admin/status`)).status).toBe(404);
    expect((await fetch(`${gateway.adminUrl}/mcp`)).status).toBe(401);
    expect((await fetch(`${gateway.adminUrl}/healthz`)).status).toBe(401);
  });

  it.each([{}, { listen: '127.0.0.1:0' }])('[ADM-101] is for the hosts of the last reload, with %o', async admin => {
    await using gateway = await openAdminGateway({ admin, allowed_hosts: ['old.example'] });
    const at = async (host: string) => (await gateway.call('GET', '/admin/status', { headers: { host } })).status;
    expect([await at('old.example'), await at('new.example')]).toEqual([200, 403]);
    await gateway.host.reload(config => ({ ...config, allowed_hosts: ['new.example'] }));
    expect([await at('old.example'), await at('new.example')]).toEqual([403, 200]);
  });

  it('[ADM-104] remembers across reloads who guessed, and who was let in', async () => {
    await using gateway = await openAdminGateway();
    expect(await gateway.call('GET', '/admin/status')).toMatchObject({ status: 200 });
    const guess = async () => (await gateway.call('GET', '/admin/status', { token: 'guess' })).body.error.code;
    await expect.poll(guess, { interval: 0 }).toBe('authentication_throttled');
    await gateway.host.reload(config => config);
    expect(await gateway.call('GET', '/admin/status')).toMatchObject({ status: 200 });
    const codes = [await guess(), await guess()];
    expect(codes).toContain('authentication_throttled');
  });
});
