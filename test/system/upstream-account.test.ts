import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { PendingLinks } from '../../host/src/connect/pending-links.ts';
import { createPrincipal, principalKey } from '../../host/src/identity/principal.ts';
import { elicitationOf } from '../../host/src/mcp/url-elicitation.ts';
import { type AccountGrant, AccountStore } from '../../host/src/state/account/account-store.ts';
import { KeyRing } from '../../host/src/state/account/key-ring.ts';
import { createMemoryKv } from '../../host/src/state/memory/kv.ts';
import { AccountAuth } from '../../host/src/upstream/auth/account-auth.ts';
import type { AccountEntry } from '../../host/src/upstream/auth/auth-entry.ts';
import { Credential } from '../../host/src/upstream/auth/credential.ts';
import { keep } from '../fixtures/keep.ts';
import { startTokenServer, type TokenServer, type TokenServerOptions } from '../fixtures/token-server.ts';

const ada = createPrincipal({ subject: 'ada', scheme: 'staff' });
const owner = { upstream: 'up', principal: principalKey(ada) };

/** The accounts at one upstream, of which ada has connected hers with these tokens. */
async function open(grant: Partial<AccountGrant>, options: TokenServerOptions = {}, timeoutMs = 30_000) {
  const server = await keep(startTokenServer(options));
  const store = new AccountStore(createMemoryKv(), new KeyRing([randomBytes(32)]));
  const links = new PendingLinks({ publicUrl: 'https://gw', lifetimeMs: 60_000, schemes: new Set(['staff']) });
  const { auth, registration } = authOf(server, store, links, timeoutMs);
  const connect = (more: Partial<AccountGrant> = {}) =>
    store.save(owner, {
      ...{ accessToken: 'first-access', refreshToken: 'first-refresh', scopes: ['read'], server: registration },
      ...{ connectedAt: 1, ...grant, ...more },
    });
  await connect();
  return {
    server,
    store,
    connect,
    caller: auth.for(ada),
    another: () => authOf(server, store, links, timeoutMs).auth.for(ada),
  };
}

function authOf(server: TokenServer, store: AccountStore, links: PendingLinks, timeoutMs: number) {
  const entry: AccountEntry = {
    ...{ token_url: server.tokenUrl, authorization_url: `${server.issuer}/authorize`, client_id: 'gateway' },
    ...{
      client_auth: 'basic',
      parameters: {},
      authorization_parameters: {},
      scopes: ['read'],
      resource: 'https://up/',
    },
  };
  const context = { upstream: 'up', secret: () => undefined, timeoutMs };
  const accounts = {
    store,
    offer() {},
    link: (upstream: string, caller: typeof ada) => links.request(upstream, caller),
  };
  const auth = keep(new AccountAuth(entry, undefined, context, accounts));
  return { auth, registration: JSON.stringify([server.tokenUrl, 'gateway']) };
}

const stale = { staleAt: 0, expiresAt: 0 };
const refusal = (error: string) => ({
  answer: (response: import('node:http').ServerResponse) => {
    response.writeHead(400, { 'content-type': 'application/json' }).end(JSON.stringify({ error }));
    return true;
  },
});

describe('the access token of a connected account', () => {
  it('[UP-54] is used while it is valid, and nothing is requested', async () => {
    const { caller, server } = await open({ staleAt: Date.now() + 60_000 });
    expect((await caller.current()).value).toBe('first-access');
    expect(caller.written(new Credential('x'))).toBe('Bearer x');
    expect(server.asked).toEqual([]);
  });

  it('[UP-54] is refreshed once for concurrent requests, with the refresh token that replaces the used one', async () => {
    const issue = (_: unknown, count: number) => ({ refresh_token: `refresh-${count}`, scope: 'read write' });
    const { caller, server, store } = await open(stale, { issue });
    const values = await Promise.all(Array.from({ length: 20 }, async () => (await caller.current()).value));
    expect(new Set(values)).toEqual(new Set(['issued-token-number-1']));
    expect(server.asked.map(({ form }) => form)).toEqual([
      { grant_type: 'refresh_token', refresh_token: 'first-refresh', resource: 'https://up/', client_id: 'gateway' },
    ]);
    expect((await store.find(owner))?.grant).toMatchObject({
      ...{ accessToken: 'issued-token-number-1', refreshToken: 'refresh-1', scopes: ['read', 'write'], connectedAt: 1 },
    });
  });

  it('[UP-54] keeps the refresh token if the server sends no other', async () => {
    const { caller, store } = await open(stale);
    await caller.current();
    expect((await store.find(owner))?.grant.refreshToken).toBe('first-refresh');
  });

  it('[UP-54] is used until it expires if it cannot be refreshed, and the server is not asked each time', async () => {
    const { caller, server } = await open({ staleAt: 0, expiresAt: Date.now() + 60_000 }, refusal('server_error'));
    for (let count = 0; count < 5; count += 1) expect((await caller.current()).value).toBe('first-access');
    expect(server.asked).toHaveLength(1);
  });

  it.each([
    {
      what: 'a server that is slow',
      options: { issue: () => new Promise<object>(() => {}) },
      code: 'upstream_auth_unavailable',
    },
    { what: 'an error', options: refusal('invalid_client'), code: 'upstream_auth_failed' },
  ])('[UP-54] that has expired is reported with $what, and the account stays', async ({ options, code }) => {
    const { caller, store } = await open(stale, options, 200);
    await expect(async () => caller.current()).rejects.toMatchObject({ code });
    expect(await store.find(owner)).toBeDefined();
  });

  it('[UP-42] [UP-54] is replaced when the upstream rejects it, and not twice in a moment', async () => {
    const { caller } = await open({ staleAt: Date.now() + 60_000 });
    const first = await caller.current();
    const second = await caller.renew(first);
    expect(second?.value).toBe('issued-token-number-1');
    expect(await caller.renew(second ?? first)).toBeUndefined();
    // Another request that was rejected with the first one gets what is there.
    expect((await caller.renew(first))?.value).toBe('issued-token-number-1');
  });
});

describe('a user is asked to connect an account', () => {
  const asks = async (current: () => unknown) => {
    const thrown = await (async () => current())().catch((reason: unknown) => reason);
    return elicitationOf(thrown)?.url ?? thrown;
  };
  const link = expect.stringMatching(/^https:\/\/gw\/connect\/link\//);

  it('[UP-54] again if the server no longer accepts the refresh token, which is forgotten', async () => {
    const { caller, store, connect } = await open(stale, refusal('invalid_grant'));
    expect(await asks(() => caller.current())).toEqual(link);
    expect(caller.awaitsAccount).toBe(true);
    expect(await store.find(owner)).toBeUndefined();
    await connect({ staleAt: Date.now() + 60_000 });
    expect((await caller.current()).value).toBe('first-access');
  });

  it('[UP-54] again if a token without a refresh token expires or is rejected', async () => {
    const { caller, connect } = await open({ refreshToken: undefined, ...stale });
    expect(await asks(() => caller.current())).toEqual(link);
    await connect({ staleAt: Number.MAX_SAFE_INTEGER, expiresAt: undefined });
    const rejected = await caller.current();
    expect(await asks(() => caller.renew(rejected))).toEqual(link);
  });

  it('[UP-52] again if `auth` names another server, to which nothing of the account is sent', async () => {
    const { caller, server } = await open({ ...stale, server: '["https://another.example","gateway"]' });
    expect(await asks(() => caller.current())).toEqual(link);
    expect(server.asked).toEqual([]);
  });

  it('[UP-55] seconds after the account was removed from the store', async () => {
    const { caller, store } = await open({ staleAt: Number.MAX_SAFE_INTEGER });
    await caller.current();
    await store.remove(owner);
    await expect.poll(() => asks(() => caller.current()), { timeout: 10_000, interval: 500 }).toEqual(link);
  });
});

it('[UP-54] two processes that refresh at one time agree on what is stored', async () => {
  let isFirst = true;
  const { caller, another, store, server } = await open(stale, {
    issue: (_, count) => ({ refresh_token: `refresh-${count}` }),
    answer(response, { form }) {
      // A server that replaces refresh tokens accepts each of them once.
      if (form.refresh_token !== 'first-refresh' || isFirst) {
        isFirst = false;
        return false;
      }
      response.writeHead(400, { 'content-type': 'application/json' }).end('{"error":"invalid_grant"}');
      return true;
    },
  });
  const values = await Promise.all([caller, another()].map(async each => (await each.current()).value));
  const { accessToken } = (await store.find(owner))?.grant ?? {};
  expect(values).toEqual([accessToken, accessToken]);
  expect(server.asked.length).toBeGreaterThan(0);
});

it('[UP-54] an account that was removed while its token is refreshed does not come back', async () => {
  const removed = Promise.withResolvers<void>();
  const { caller, store, server } = await open(stale, { issue: () => removed.promise.then(() => ({})) });
  const current = (async () => caller.current())();
  await expect.poll(() => server.asked).toHaveLength(1);
  await store.remove(owner);
  removed.resolve();
  await expect(current).rejects.toMatchObject({ code: 'upstream_account_needed' });
  expect(await store.find(owner)).toBeUndefined();
});
