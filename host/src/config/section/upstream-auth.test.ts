import { expect, it } from 'vitest';
import { z } from 'zod';
import type { JsonObject } from '../../core/json.ts';
import { upstreamsSection } from './upstreams.ts';

const schema = z.strictObject(upstreamsSection.shape);
const http = { url: 'https://up.example/mcp' };
const client = { client_id: 'gateway', client_secret: 'own', token_url: 'https://idp.example/token' };
const files = { absolute: (path: string) => path, keyText: () => '' };

const finished = (upstream: object) =>
  upstreamsSection.finish(schema.parse({ upstreams: [{ id: 'up', ...upstream }] }), files).upstreams[0]?.auth;
const problems = (upstream: object) =>
  schema
    .safeParse({ upstreams: [{ id: 'up', ...upstream }] })
    .error?.issues.map(({ path, message }) => `${path.slice(2).join('.')}: ${message}`) ?? [];

it.each([
  { what: 'nothing', upstream: { http }, auth: undefined },
  { what: 'none', upstream: { http, auth: 'none' }, auth: undefined },
  {
    what: 'a secret',
    upstream: { http, auth: { static: { secret: 'key' } } },
    auth: { static: { secret: 'key', header: 'authorization', scheme: 'Bearer' } },
  },
  {
    what: 'a secret in another header',
    upstream: { http, auth: { static: { secret: 'key', header: 'X-Api-Key' } } },
    auth: { static: { secret: 'key', header: 'X-Api-Key' } },
  },
  {
    what: 'a secret without a scheme',
    upstream: { http, auth: { static: { secret: 'key', scheme: '' } } },
    auth: { static: { secret: 'key', header: 'authorization' } },
  },
  {
    what: 'client credentials',
    upstream: { http, auth: { client_credentials: client } },
    auth: { client_credentials: { ...client, client_auth: 'basic', parameters: {}, scopes: [] } },
  },
  {
    what: 'a token exchange of a child',
    upstream: { stdio: { command: 'x' }, auth: { env: 'TOKEN', token_exchange: client } },
    auth: {
      env: 'TOKEN',
      token_exchange: {
        ...{ ...client, client_auth: 'basic', parameters: {}, scopes: [] },
        subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      },
    },
  },
])('[UP-40] reads an upstream with $what', ({ upstream, auth }) => {
  expect(finished(upstream)).toEqual(auth);
});

it.each([
  {
    what: 'two kinds',
    upstream: { http, auth: { static: { secret: 'key' }, token_exchange: client } },
    path: 'auth',
    says: 'expected exactly one',
  },
  { what: 'no kind', upstream: { http, auth: {} }, path: 'auth', says: 'expected exactly one' },
  {
    what: 'connections that users share',
    upstream: { http, connections: 'shared', auth: { token_exchange: client } },
    ...{ path: 'connections', says: 'cannot be shared' },
  },
  {
    what: 'the same header twice',
    upstream: { http: { ...http, headers: { Authorization: 'Bearer x' } }, auth: { client_credentials: client } },
    ...{ path: 'http.headers.Authorization', says: 'remove it here' },
  },
  {
    what: 'a header of MCP',
    upstream: { http, auth: { static: { secret: 'key', header: 'mcp-session-id' } } },
    path: 'auth.static.header',
    says: 'the gateway sets the header',
  },
  {
    what: 'no variable over stdio',
    upstream: { stdio: { command: 'x' }, auth: { static: { secret: 'key' } } },
    path: 'auth',
    says: 'env is missing',
  },
  {
    what: 'a variable that is set already',
    upstream: { stdio: { command: 'x', env: { TOKEN: 'x' } }, auth: { env: 'TOKEN', static: { secret: 'key' } } },
    ...{ path: 'auth.env', says: 'also set by stdio.env' },
  },
  {
    what: 'a variable over HTTP',
    upstream: { http, auth: { env: 'TOKEN', static: { secret: 'key' } } },
    path: 'auth.env',
    says: 'over stdio',
  },
  ...[
    { what: 'no endpoint', server: { token_url: undefined }, path: '', says: 'exactly one of token_url, issuer' },
    {
      what: 'two endpoints',
      server: { issuer: 'https://idp.example' },
      path: '',
      says: 'exactly one of token_url, issuer',
    },
    {
      what: 'an endpoint without TLS',
      server: { token_url: 'http://idp.example/token' },
      path: '.token_url',
      says: 'expected https',
    },
    {
      what: 'an endpoint with a password',
      server: { token_url: 'https://a:b@idp.example/token' },
      path: '.token_url',
      says: 'password',
    },
    { what: 'two scopes in one', server: { scopes: ['a b'] }, path: '.scopes.0', says: 'one scope' },
    {
      what: 'a parameter of the gateway',
      server: { parameters: { grant_type: 'password' } },
      path: '.parameters.grant_type',
      says: 'cannot be set',
    },
  ].map(({ server, path, ...rest }) => ({
    ...rest,
    upstream: { http, auth: { client_credentials: { ...client, ...server } } },
    path: `auth.client_credentials${path}`,
  })),
])('[UP-40] refuses $what', ({ upstream, path, says }) => {
  expect(problems(upstream)).toEqual([expect.stringContaining(says)]);
  expect(problems(upstream)[0]).toMatch(new RegExp(`^${path.replaceAll('.', '\\.')}: `));
});

it('[UP-40] refuses secrets that are not in the configuration', () => {
  const then_jwt_bearer = { ...client, client_secret: 'there' };
  const value = {
    secrets: [{ name: 'own', env: 'OWN' }],
    upstreams: [
      { id: 'a', http, auth: { static: { secret: 'key' } } },
      { id: 'b', http, auth: { token_exchange: { ...client, then_jwt_bearer } } },
    ],
  };
  expect(upstreamsSection.problems?.(value as unknown as JsonObject).map(({ path }) => path.join('.'))).toEqual([
    'upstreams.0.auth.static.secret',
    'upstreams.1.auth.token_exchange.then_jwt_bearer.client_secret',
  ]);
});
