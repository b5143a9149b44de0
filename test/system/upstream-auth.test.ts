import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { AuthEntry } from '../../host/src/upstream/auth/auth-entry.ts';
import { createUpstreamPool } from '../../host/src/upstream/mcp/create-upstream.ts';
import { type GuardedUpstream, startGuardedUpstream } from '../fixtures/guarded-upstream.ts';
import { keep } from '../fixtures/keep.ts';
import { call, initialize, type OpenGateway, openGateway, rpc } from '../fixtures/open-gateway.ts';
import { asUser, bearerOfUser, gatewayClient as client } from '../fixtures/signed-in.ts';
import { startTokenServer, type TokenServer, type TokenServerOptions, unsignedJwt } from '../fixtures/token-server.ts';

const accessToken = 'urn:ietf:params:oauth:token-type:access_token';
const signedIn = { schemes: [bearerOfUser], servesAnonymous: true };
const secrets = { own: 'the-secret-of-the-gateway', key: 'a-static-key' };

const gatewayWith = (upstream: { readonly url: string }, auth: AuthEntry, more: object = {}) =>
  openGateway([{ id: 'up', http: { url: upstream.url }, auth }], {
    ...{ secrets, authentication: signedIn, tokenTimeoutMs: 60_000 },
    ...more,
  }).then(gateway => keep(gateway));

type Headers = Record<string, string>;

async function sessionOf(gateway: OpenGateway, user: Headers): Promise<Headers> {
  const { headers, body } = await gateway.post(initialize(), user);
  const id = headers.get('mcp-session-id');
  if (id === null) throw Object.assign(new Error('no session'), { data: body.error.data });
  return { ...user, 'mcp-session-id': id };
}

/** The text that a tool returns, or the data of the error. */
async function callIn(gateway: OpenGateway, session: Headers, tool: string) {
  const { body } = await gateway.post(call(tool), session);
  return body.error?.data ?? body.result.content[0].text;
}

/** The same, in a session of its own. */
const callAs = (gateway: OpenGateway, user: Headers, tool: string) =>
  sessionOf(gateway, user).then(
    session => callIn(gateway, session, tool),
    thrown => thrown.data,
  );

const posts = ({ received }: GuardedUpstream) =>
  received.filter(headers => headers['content-type'] !== undefined).length;

/** An upstream whose tokens are those that the server has issued, for the user that `x-user` names in its form. */
async function startBoth(options: TokenServerOptions = {}) {
  const upstream = await keep(startGuardedUpstream());
  const server = await keep(
    startTokenServer({
      ...options,
      async issue(request, count) {
        const own = (await options.issue?.(request, count)) as { access_token?: string } | undefined;
        const token = own?.access_token ?? `issued-token-number-${count}`;
        upstream.users.set(token, request.form.subject_token ?? 'gateway');
        return { ...own };
      },
    }),
  );
  return { upstream, server };
}

/** Everything that the gateway said: log lines of requests and warnings. */
const said = ({ lines, warnings }: OpenGateway) => JSON.stringify([lines, warnings]);

/** No request to the upstream may contain a token of a client, in whatever header. */
function expectNoTokenOfClient(upstream: GuardedUpstream, ...tokens: string[]) {
  const received = JSON.stringify(upstream.received);
  expect(upstream.received.length).toBeGreaterThan(0);
  for (const token of tokens) expect(received).not.toContain(token);
  expect(received).not.toContain('x-user');
}

const ada = asUser('ada', 'token-of-ada');
const bob = asUser('bob', 'token-of-bob');

describe('a static secret', () => {
  it.each([
    { header: 'authorization', scheme: 'Bearer', sent: 'Bearer a-static-key' },
    { header: 'X-Api-Key', scheme: undefined, sent: 'a-static-key' },
  ])('[UP-40] is sent in the header $header, and hidden in what comes back', async ({ header, scheme, sent }) => {
    const upstream = await keep(startGuardedUpstream(header.toLowerCase()));
    upstream.users.set(secrets.key, 'gateway');
    const gateway = await gatewayWith(upstream, { static: { secret: 'key', header, scheme } });
    expect(await callAs(gateway, ada, 'who')).toBe('gateway');
    expect(await callAs(gateway, ada, 'echo-token')).toBe('it is ***');
    expect(upstream.received.every(headers => headers[header.toLowerCase()] === sent)).toBe(true);
    expectNoTokenOfClient(upstream, 'token-of-ada');
  });

  it('[UP-40] [UP-42] is read again when the upstream rejects it, and sent once more only if it is another', async () => {
    const upstream = await keep(startGuardedUpstream());
    const changing = { ...secrets, key: 'first-key' };
    upstream.users.set('first-key', 'gateway');
    const auth = { static: { secret: 'key', header: 'authorization', scheme: 'Bearer' } };
    const gateway = await gatewayWith(upstream, auth, { secrets: changing });
    const session = await sessionOf(gateway, ada);
    expect(await callIn(gateway, session, 'who')).toBe('gateway');
    upstream.users.clear();
    const before = posts(upstream);
    const refused = await callIn(gateway, session, 'who');
    expect(refused).toMatchObject({ code: 'upstream_refused', status: 401 });
    expect(posts(upstream)).toBe(before + 1);
    expect(JSON.stringify(refused) + said(gateway)).not.toContain('first-key');
    changing.key = 'second-key';
    upstream.users.set('second-key', 'gateway');
    expect(await callIn(gateway, session, 'who')).toBe('gateway');
  });
});

describe('client credentials', () => {
  it.each([
    { what: 'sent as Basic', client_auth: 'basic' },
    { what: 'sent in the form', client_auth: 'post' },
  ] as const)('[UP-40] get one token for all callers; the client secret is $what', async ({ client_auth }) => {
    const { upstream, server } = await startBoth();
    const grant = {
      ...client,
      client_auth,
      scopes: ['read', 'write'],
      audience: 'up',
      resource: 'https://up.example/',
    };
    const gateway = await gatewayWith(upstream, { client_credentials: { ...grant, token_url: server.tokenUrl } });
    expect(await Promise.all([ada, bob].map(user => callAs(gateway, user, 'who')))).toEqual(['gateway', 'gateway']);
    expect(server.asked).toHaveLength(1);
    const [{ form, headers } = { form: {}, headers: {} }] = server.asked;
    const inForm = client_auth === 'post';
    expect(form).toEqual({
      ...{ grant_type: 'client_credentials', scope: 'read write', audience: 'up', resource: 'https://up.example/' },
      ...(inForm && { client_id: 'gateway', client_secret: secrets.own }),
    });
    const basic = `Basic ${Buffer.from(`gateway:${secrets.own}`).toString('base64')}`;
    expect(headers.authorization).toBe(inForm ? undefined : basic);
    expectNoTokenOfClient(upstream, 'token-of-ada', 'token-of-bob', secrets.own);
  });

  it.each([{ wellKnown: 'oauth-authorization-server' }, { wellKnown: 'openid-configuration' }] as const)(
    '[UP-40] find the token endpoint in $wellKnown',
    async ({ wellKnown }) => {
      const { upstream, server } = await startBoth({ wellKnown });
      const gateway = await gatewayWith(upstream, { client_credentials: { ...client, issuer: server.issuer } });
      expect(await callAs(gateway, ada, 'who')).toBe('gateway');
    },
  );

  it.each([
    { what: 'names another issuer', metadata: { issuer: 'https://other.example' } },
    { what: 'names no token endpoint', metadata: { token_endpoint: undefined } },
    { what: 'names an endpoint without TLS', metadata: { token_endpoint: 'http://idp.example/token' } },
    { what: 'names an address of this network', metadata: { token_endpoint: 'https://192.168.0.1/token' } },
    { what: 'names another port of this machine', metadata: { token_endpoint: 'https://127.0.0.1:1/token' } },
  ])('[UP-43] do not trust metadata that $what', async ({ metadata }) => {
    const { upstream, server } = await startBoth({ metadata });
    const gateway = await gatewayWith(upstream, { client_credentials: { ...client, issuer: server.issuer } });
    expect(await callAs(gateway, ada, 'who')).toMatchObject({ code: 'upstream_auth_unavailable' });
    expect(server.asked).toHaveLength(0);
    expect(upstream.received).toHaveLength(0);
  });

  it('[UP-42] are renewed once when the upstream rejects the token, and the request is sent again', async () => {
    const { upstream, server } = await startBoth();
    const gateway = await gatewayWith(upstream, { client_credentials: { ...client, token_url: server.tokenUrl } });
    const session = await sessionOf(gateway, ada);
    upstream.users.clear();
    const before = posts(upstream);
    expect(await callIn(gateway, session, 'who')).toBe('gateway');
    expect([server.asked.length, posts(upstream) - before]).toEqual([2, 2]);
  });

  it('[UP-42] are renewed once and not again when the upstream rejects every token', async () => {
    const { upstream, server } = await startBoth();
    const gateway = await gatewayWith(upstream, { client_credentials: { ...client, token_url: server.tokenUrl } });
    const session = await sessionOf(gateway, ada);
    upstream.users.has = () => false;
    const before = posts(upstream);
    expect(await callIn(gateway, session, 'who')).toMatchObject({ code: 'upstream_refused', status: 401 });
    expect([server.asked.length, posts(upstream) - before]).toEqual([2, 2]);
    // What is rejected on and on does not become a flood of token requests.
    await Promise.all(Array.from({ length: 20 }, () => callIn(gateway, session, 'who')));
    expect(server.asked.length).toBeLessThanOrEqual(3);
    for (const token of server.issued) expect(said(gateway)).not.toContain(token);
  });

  it('[UP-45] are not renewed for a missing scope, which the caller gets to know', async () => {
    const { server } = await startBoth();
    const upstream = createServer((request, response) => {
      request.resume();
      const challenge = 'Bearer error="insufficient_scope", scope="files:write admin"';
      response.writeHead(403, { 'www-authenticate': challenge }).end();
    });
    await new Promise<void>(resolve => upstream.listen(0, '127.0.0.1', resolve));
    keep({ [Symbol.asyncDispose]: async () => void upstream.close() });
    const url = `http://127.0.0.1:${(upstream.address() as AddressInfo).port}/mcp`;
    const gateway = await gatewayWith({ url }, { client_credentials: { ...client, token_url: server.tokenUrl } });
    const refused = await callAs(gateway, ada, 'who');
    expect(refused).toMatchObject({ code: 'upstream_scope', status: 403 });
    expect(said(gateway)).toContain('files:write admin');
    expect(server.asked).toHaveLength(1);
  });
});

describe('a token endpoint', () => {
  type Answer = NonNullable<TokenServerOptions['answer']>;
  const answerWith =
    (status: number, body: string, type = 'application/json'): Answer =>
    response => {
      response.writeHead(status, { 'content-type': type }).end(body);
      return true;
    };
  const token = (members: object) =>
    answerWith(200, JSON.stringify({ access_token: 'abcdef', token_type: 'Bearer', ...members }));

  it.each<{ what: string; answer: Answer; code: string; hint: string; tokenTimeoutMs?: number }>([
    {
      what: 'refuses',
      answer: answerWith(400, '{"error":"invalid_grant"}'),
      code: 'upstream_auth_failed',
      hint: 'invalid_grant',
    },
    {
      what: 'rejects the client with a challenge',
      answer(response) {
        response.writeHead(401, { 'www-authenticate': 'Basic', 'content-type': 'application/json' });
        response.end('{"error":"invalid_client","error_description":"who is the-secret-of-the-gateway?"}');
        return true;
      },
      ...{ code: 'upstream_auth_failed', hint: 'invalid_client: who is ***?' },
    },
    { what: 'fails', answer: answerWith(500, 'oops', 'text/plain'), code: 'upstream_auth_unavailable', hint: '500' },
    {
      what: 'redirects',
      answer(response) {
        response.writeHead(307, { location: 'http://169.254.169.254/' }).end();
        return true;
      },
      ...{ code: 'upstream_auth_unavailable', hint: '307' },
    },
    {
      what: 'is silent',
      ...{ answer: () => true, tokenTimeoutMs: 300, code: 'upstream_auth_unavailable', hint: 'within 300 ms' },
    },
    {
      what: 'answers with a page',
      answer: answerWith(200, '<html>', 'text/html'),
      code: 'upstream_auth_unavailable',
      hint: 'application/json',
    },
    {
      what: 'answers with broken JSON',
      answer: answerWith(200, '{"access'),
      code: 'upstream_auth_unavailable',
      hint: 'JSON',
    },
    { what: 'answers with a list', answer: answerWith(200, '[]'), code: 'upstream_auth_unavailable', hint: 'object' },
    {
      what: 'is too talkative',
      answer: token({ more: 'x'.repeat(70_000) }),
      code: 'upstream_auth_unavailable',
      hint: '65536 bytes',
    },
    {
      what: 'answers without a token',
      answer: token({ access_token: undefined }),
      code: 'upstream_auth_unavailable',
      hint: 'access_token',
    },
    {
      what: 'answers with two lines',
      answer: token({ access_token: 'a\r\nb: c' }),
      code: 'upstream_auth_unavailable',
      hint: 'characters',
    },
    {
      what: 'answers with another type',
      answer: token({ token_type: 'DPoP' }),
      code: 'upstream_auth_unavailable',
      hint: 'Bearer',
    },
    {
      what: 'states a lifetime in words',
      answer: token({ expires_in: 'long' }),
      code: 'upstream_auth_unavailable',
      hint: 'expires_in',
    },
    {
      what: 'states a negative lifetime',
      answer: token({ expires_in: -1 }),
      code: 'upstream_auth_unavailable',
      hint: 'expires_in',
    },
  ])('[UP-43] that $what fails the request with a reason', async ({ answer, code, hint, tokenTimeoutMs = 60_000 }) => {
    const { upstream, server } = await startBoth({ answer });
    const auth = { client_credentials: { ...client, token_url: server.tokenUrl } };
    const gateway = await gatewayWith(upstream, auth, { tokenTimeoutMs });
    const refused = await callAs(gateway, ada, 'who');
    expect(refused).toMatchObject({ code, upstream: 'up' });
    // What a server wrote is for the operator, in the log; no plugin has seen it.
    expect(said(gateway)).toContain(hint);
    expect(refused.hint).not.toContain(hint);
    expect(upstream.received).toHaveLength(0);
    expect(JSON.stringify(refused) + said(gateway)).not.toContain(secrets.own);
    // The failure answers for a moment without another request.
    const asked = server.asked.length;
    await callAs(gateway, bob, 'who');
    expect(server.asked).toHaveLength(asked);
  });

  it.each([
    { what: 'no lifetime', members: { expires_in: undefined }, requests: 1 },
    { what: 'a lifetime as text', members: { expires_in: '3600' }, requests: 1 },
    { what: 'a lifetime of zero', members: { expires_in: 0 }, requests: 4 },
    { what: 'an ID token beside it', members: { id_token: unsignedJwt({ iss: 'x' }) }, requests: 1 },
  ])('[UP-43] that answers with $what is asked $requests times', async ({ members, requests }) => {
    const { upstream, server } = await startBoth({ issue: () => members });
    const gateway = await gatewayWith(upstream, { client_credentials: { ...client, token_url: server.tokenUrl } });
    const session = await sessionOf(gateway, ada);
    for (const _ of [1, 2]) expect(await callIn(gateway, session, 'who')).toBe('gateway');
    if (requests === 1) expect(server.asked).toHaveLength(1);
    else expect(server.asked.length).toBeGreaterThanOrEqual(requests);
  });
});

describe('token exchange', () => {
  const exchange = { ...client, subject_token_type: accessToken, audience: 'up' };
  const exchanging = (server: TokenServer) => ({ token_exchange: { ...exchange, token_url: server.tokenUrl } });

  it('[UP-44] gives each user their own token, connection and session, and nobody the token of the client', async () => {
    const { upstream, server } = await startBoth();
    const gateway = await gatewayWith(upstream, exchanging(server));
    const sessions = await Promise.all([ada, bob].map(user => sessionOf(gateway, user)));
    const users = () => Promise.all(sessions.map(session => callIn(gateway, session, 'who')));
    expect(await users()).toEqual(['token-of-ada', 'token-of-bob']);
    expect(await users()).toEqual(['token-of-ada', 'token-of-bob']);
    expect(server.asked.map(({ form }) => form)).toEqual(
      expect.arrayContaining(
        ['token-of-ada', 'token-of-bob'].map(subject_token => ({
          grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
          ...{ subject_token, subject_token_type: accessToken, audience: 'up' },
        })),
      ),
    );
    expect(server.asked).toHaveLength(2);
    expect(upstream.sessions.size).toBe(2);
    const used = upstream.received.map(headers => `${headers['mcp-session-id']} ${headers.authorization}`);
    const byToken = new Set(used.filter(each => !each.startsWith('undefined')));
    expect(byToken.size).toBe(2);
    expectNoTokenOfClient(upstream, 'token-of-ada', 'token-of-bob');
    expect(said(gateway)).not.toMatch(/issued-token|token-of-/);
  });

  it('[UP-44] keeps users apart where the server keeps no sessions', async () => {
    const upstream = await keep(startGuardedUpstream('authorization', true));
    const server = await keep(
      startTokenServer({
        issue({ form }, count) {
          upstream.users.set(`issued-token-number-${count}`, form.subject_token ?? '');
          return {};
        },
      }),
    );
    const gateway = await gatewayWith(upstream, exchanging(server));
    const sessions = await Promise.all([ada, bob].map(user => sessionOf(gateway, user)));
    const users = await Promise.all(sessions.map(session => callIn(gateway, session, 'who')));
    expect(users).toEqual(['token-of-ada', 'token-of-bob']);
    // Each list is requested with the token of the user who gets it.
    await Promise.all(sessions.map(session => gateway.post(rpc('tools/list'), session)));
    expect(new Set(upstream.received.map(headers => headers.authorization)).size).toBe(2);
  });

  it('[UP-44] requests a token of its own for each set of scopes of a user', async () => {
    const { upstream, server } = await startBoth();
    const gateway = await gatewayWith(upstream, exchanging(server));
    expect(await callAs(gateway, asUser('ada', 'token-a-broad', 'read write'), 'who')).toBe('token-a-broad');
    expect(await callAs(gateway, asUser('ada', 'token-a-narrow', 'read'), 'who')).toBe('token-a-narrow');
    expect(await callAs(gateway, asUser('ada', 'token-a-third', 'write read'), 'who')).toBe('token-a-broad');
    expect(server.asked).toHaveLength(2);
  });

  it('[UP-44] within one session, uses the token that the scopes of each request lead to', async () => {
    const { upstream, server } = await startBoth();
    const gateway = await gatewayWith(upstream, exchanging(server));
    const session = await sessionOf(gateway, asUser('ada', 'token-a-broad', 'read write'));
    expect(await callIn(gateway, session, 'who')).toBe('token-a-broad');
    const narrow = { ...session, ...asUser('ada', 'token-a-narrow', 'read') };
    const users = await Promise.all([session, narrow, session, narrow].map(each => callIn(gateway, each, 'who')));
    expect(users).toEqual(['token-a-broad', 'token-a-narrow', 'token-a-broad', 'token-a-narrow']);
  });

  it.each([
    { what: 'anonymous', headers: {} },
    { what: 'without a token', headers: { 'x-user': 'ada' } },
  ])('[UP-44] fails for a caller who is $what, and says what to do', async ({ headers }) => {
    const { upstream, server } = await startBoth();
    const gateway = await gatewayWith(upstream, exchanging(server));
    expect(await callAs(gateway, headers, 'who')).toMatchObject({
      ...{ code: 'upstream_auth_caller', hint: expect.stringContaining('Sign in') },
    });
    expect([upstream.received, server.asked]).toEqual([[], []]);
  });

  const ofAda = unsignedJwt({ iss: 'https://idp', sub: 'ada' });
  it.each([
    {
      what: 'another subject',
      issued: { access_token: unsignedJwt({ iss: 'https://idp', sub: 'bob' }) },
      code: 'upstream_auth_subject',
    },
    { what: 'the token of the client itself', issued: { access_token: ofAda }, code: 'upstream_auth_failed' },
    {
      what: 'a refresh token',
      issued: { issued_token_type: 'urn:ietf:params:oauth:token-type:refresh_token' },
      code: 'upstream_auth_failed',
    },
  ])('[UP-44] refuses $what', async ({ issued, code }) => {
    const { upstream, server } = await startBoth({ issue: () => issued });
    const gateway = await gatewayWith(upstream, exchanging(server));
    expect(await callAs(gateway, asUser('ada', ofAda), 'who')).toMatchObject({ code });
    expect(upstream.received).toHaveLength(0);
    expect(said(gateway)).not.toContain(ofAda);
  });

  it('[UP-44] uses the newest token of a user for the next exchange', async () => {
    const { upstream, server } = await startBoth({ issue: () => ({ expires_in: 0 }) });
    const gateway = await gatewayWith(upstream, exchanging(server));
    const session = await sessionOf(gateway, asUser('ada', 'token-a-old'));
    const renewed = { ...session, ...asUser('ada', 'token-a-new') };
    expect(await callIn(gateway, renewed, 'who')).toBe('token-a-new');
  });

  it('[UP-46] gets an assertion first, and a token of the upstream’s own server for it', async () => {
    const idJag = 'urn:ietf:params:oauth:token-type:id-jag';
    const idp = await keep(
      startTokenServer({
        issue: () => ({ access_token: 'the-assertion', token_type: 'N_A', issued_token_type: idJag, expires_in: 300 }),
      }),
    );
    const upstream = await keep(startGuardedUpstream());
    const own = await keep(
      startTokenServer({
        issue({ form }, count) {
          upstream.users.set(`issued-token-number-${count}`, `${form.grant_type} ${form.assertion}`);
          return {};
        },
      }),
    );
    const auth = {
      token_exchange: {
        ...{ ...exchange, token_url: idp.tokenUrl, audience: own.issuer, resource: upstream.url, scopes: ['read'] },
        then_jwt_bearer: { ...client, token_url: own.tokenUrl, client_id: 'gateway-there', scopes: ['read'] },
      },
    };
    const gateway = await gatewayWith(upstream, auth);
    const who = 'urn:ietf:params:oauth:grant-type:jwt-bearer the-assertion';
    expect(await callAs(gateway, ada, 'who')).toBe(who);
    expect(idp.asked[0]?.form).toEqual({
      grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
      ...{ subject_token: 'token-of-ada', subject_token_type: accessToken, requested_token_type: idJag },
      ...{ audience: own.issuer, resource: upstream.url, scope: 'read' },
    });
    expect(JSON.stringify(own.asked)).not.toContain('token-of-ada');
    expectNoTokenOfClient(upstream, 'token-of-ada', 'the-assertion');
  });
});

describe('the connections of all users', () => {
  const exchange = { ...client, subject_token_type: accessToken };

  it('[UP-32] [UP-44] are bounded together, and another user is served once one has left', async () => {
    const { upstream, server } = await startBoth();
    const auth = { token_exchange: { ...exchange, token_url: server.tokenUrl } };
    const gateway = await openGateway([{ id: 'up', http: { url: upstream.url }, auth, max_connections: 1 }], {
      ...{ secrets, authentication: signedIn },
    }).then(opened => keep(opened));
    const session = await sessionOf(gateway, ada);
    expect(await callIn(gateway, session, 'who')).toBe('token-of-ada');
    expect(await callAs(gateway, bob, 'who')).toMatchObject({ code: 'overloaded' });
    await fetch(`${gateway.url}/mcp`, { method: 'DELETE', headers: session });
    await expect.poll(() => callAs(gateway, bob, 'who')).toBe('token-of-bob');
  });

  it('[UP-44] need an authorization server whose metadata can be read, and no user, for the gateway to be ready', async () => {
    const server = await keep(startTokenServer());
    const poolWith = (issuer: string) => {
      const auth = { token_exchange: { ...exchange, issuer } };
      return keep(createUpstreamPool({ id: 'up', http: { url: 'http://127.0.0.1:9/mcp' }, auth }));
    };
    const ready = poolWith(server.issuer);
    await ready.start();
    expect(ready.ready).toBe(true);
    const down = poolWith('http://127.0.0.1:9');
    await expect(down.start()).rejects.toMatchObject({ code: 'upstream_auth_unavailable' });
    expect(down.ready).toBe(false);
    expect(down.lastFailure).toBeDefined();
  });

  it('[UP-41] reopen the stream of the server’s own messages with the token of then', async () => {
    const { upstream, server } = await startBoth({ issue: () => ({ expires_in: 2 }) });
    const gateway = await gatewayWith(upstream, { token_exchange: { ...exchange, token_url: server.tokenUrl } });
    await sessionOf(gateway, ada);
    const streams = () => upstream.received.filter(({ accept }) => accept === 'text/event-stream');
    await expect.poll(() => streams().length).toBe(1);
    await new Promise(resolve => setTimeout(resolve, 2_000));
    upstream.endStreams();
    await expect.poll(() => streams().length).toBe(2);
    const [first, second] = streams().map(({ authorization }) => authorization);
    expect(first).toMatch(/^Bearer issued-token-number-\d+$/);
    expect(second).not.toBe(first);
  });
});

describe('over stdio', () => {
  const rawStdio = fileURLToPath(new URL('../fixtures/raw-stdio-server.ts', import.meta.url));
  const stdio = { command: process.execPath, args: [rawStdio], env: { OTHER: 'stays' } };
  const exchange = { ...client, subject_token_type: accessToken };
  const gatewayOver = (auth: AuthEntry) =>
    openGateway([{ id: 'up', stdio, auth }], { secrets, authentication: signedIn }).then(gateway => keep(gateway));

  /** Tells which issued token is in the environment of the child: it is hidden in what the gateway passes on. */
  const pidIn = async (gateway: OpenGateway, session: Headers) => {
    const environment = JSON.parse(await callIn(gateway, session, 'surroundings'));
    expect(environment).toMatchObject({ OTHER: 'stays', TOKEN: '***' });
    return Number(await callIn(gateway, session, 'pid'));
  };

  it('[UP-47] a child of each user has their token in its environment, and no other', async () => {
    const server = await keep(startTokenServer());
    const gateway = await gatewayOver({ env: 'TOKEN', token_exchange: { ...exchange, token_url: server.tokenUrl } });
    const sessions = await Promise.all([ada, bob].map(user => sessionOf(gateway, user)));
    const pids = await Promise.all(sessions.map(session => pidIn(gateway, session)));
    expect(new Set(pids).size).toBe(2);
    const tokens = await Promise.all(pids.map(tokenOfProcess));
    expect([...tokens].sort()).toEqual([...server.issued].sort());
    expect(await Promise.all(sessions.map(session => pidIn(gateway, session)))).toEqual(pids);
    expect(said(gateway)).not.toMatch(/issued-token|token-of-/);
    expect(await callAs(gateway, {}, 'who')).toMatchObject({ code: 'upstream_auth_caller' });
  });

  it('[UP-47] a child whose token is replaced ends after its calls, and the next call has another child', async () => {
    const server = await keep(startTokenServer({ issue: () => ({ expires_in: 2 }) }));
    const gateway = await gatewayOver({ env: 'TOKEN', token_exchange: { ...exchange, token_url: server.tokenUrl } });
    const session = await sessionOf(gateway, ada);
    const first = await pidIn(gateway, session);
    const slow = callIn(gateway, session, 'slow');
    await expect.poll(() => pidIn(gateway, session)).not.toBe(first);
    expect(await slow).toBe('slow');
    await expect.poll(() => tokenOfProcess(first).catch(() => 'ended')).toBe('ended');
    expect(await callIn(gateway, session, 'surroundings')).toContain('***');
  });

  it('[UP-47] a static secret is in the environment without a scheme', async () => {
    const gateway = await gatewayOver({
      env: 'TOKEN',
      static: { secret: 'key', header: 'authorization', scheme: 'Bearer' },
    });
    const session = await sessionOf(gateway, ada);
    expect(await tokenOfProcess(await pidIn(gateway, session))).toBe(secrets.key);
  });
});

/** The variable TOKEN in the environment of a process. */
async function tokenOfProcess(pid: number): Promise<string | undefined> {
  const environment = (await readFile(`/proc/${pid}/environ`, 'utf8')).split('\0');
  if (environment.every(each => each === '')) throw new Error('it has ended');
  return environment.find(each => each.startsWith('TOKEN='))?.slice('TOKEN='.length);
}
