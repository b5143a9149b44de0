import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { JsonObject } from '../../core/json.ts';
import { accountProblems, accountsSection } from './accounts.ts';
import { upstreamsSection } from './upstreams.ts';

const signIn = { scheme: 'staff', client_id: 'gateway', client_secret: 'sign-in' };
const code = { issuer: 'https://auth.up.example', client_id: 'gateway' };
const whole = {
  secrets: [{ name: 'sign-in' }, { name: 'key' }],
  identity: {
    public_url: 'https://gw.example',
    schemes: [
      { id: 'staff', oauth: {} },
      { id: 'keys', api_keys: {} },
    ],
  },
  accounts: { sign_in: [signIn], encryption_keys: ['key'] },
  upstreams: [{ id: 'up', auth: { authorization_code: code } }],
};

const problems = (value: object) =>
  [...(accountsSection.problems?.(value as JsonObject) ?? []), ...accountProblems(value as JsonObject)].map(
    ({ path, message }) => `${path.join('.')}: ${message}`,
  );

it('[CFG-120] accepts accounts with all that they need', () => {
  expect(problems(whole)).toEqual([]);
});

describe('accounts that cannot work [CFG-120]', () => {
  const { accounts, identity, ...rest } = whole;
  const { public_url: _, ...identityWithoutUrl } = identity;
  it.each([
    { what: 'without `accounts`', value: { ...rest, identity }, says: 'users cannot connect accounts' },
    { what: 'without `identity`', value: { ...rest, accounts }, says: 'accounts: the gateway does not know its users' },
    {
      what: 'with `identity: none`',
      value: { ...whole, identity: 'none' },
      says: 'accounts: the gateway does not know',
    },
    {
      what: 'without a public URL',
      value: { ...whole, identity: identityWithoutUrl },
      says: 'accounts: browsers are sent to the gateway',
    },
    {
      what: 'of a scheme that does not exist',
      value: { ...whole, accounts: { ...accounts, sign_in: [{ ...signIn, scheme: 'others' }] } },
      says: 'accounts.sign_in.0.scheme: ',
    },
    {
      what: 'of a scheme without OAuth',
      value: { ...whole, accounts: { ...accounts, sign_in: [{ ...signIn, scheme: 'keys' }] } },
      says: 'accounts.sign_in.0.scheme: ',
    },
    {
      what: 'of one scheme twice',
      value: { ...whole, accounts: { ...accounts, sign_in: [signIn, signIn] } },
      says: 'accounts.sign_in.1: duplicate scheme',
    },
    {
      what: 'with a secret that does not exist',
      value: { ...whole, accounts: { ...accounts, sign_in: [{ ...signIn, client_secret: 'none' }] } },
      says: 'accounts.sign_in.0.client_secret: ',
    },
    {
      what: 'with a key that does not exist',
      value: { ...whole, accounts: { ...accounts, encryption_keys: ['key', 'earlier'] } },
      says: 'accounts.encryption_keys.1: ',
    },
  ])('are reported: $what', ({ value, says }) => {
    expect(problems(value)).toEqual([expect.stringContaining(says)]);
  });

  const schema = z.strictObject(accountsSection.shape);
  it.each([
    { what: 'without a key', accounts: { sign_in: [signIn] } },
    { what: 'with an empty list of keys', accounts: { sign_in: [signIn], encryption_keys: [] } },
    { what: 'without a sign-in', accounts: { encryption_keys: ['key'] } },
    { what: 'without the scope openid', accounts: { ...accounts, sign_in: [{ ...signIn, scopes: ['email'] }] } },
    { what: 'with links that last for days', accounts: { ...accounts, link_minutes: 1440 } },
  ])('are not read: $what', ({ accounts: written }) => {
    expect(schema.safeParse({ accounts: written }).success).toBe(false);
  });
});

describe('an authorization code [CFG-120]', () => {
  const schema = z.strictObject(upstreamsSection.shape);
  const issues = (authorization_code: object, more: object = {}) =>
    schema
      .safeParse({
        upstreams: [{ id: 'up', http: { url: 'https://up.example' }, auth: { authorization_code }, ...more }],
      })
      .error?.issues.map(({ path, message }) => `${path.slice(3).join('.')}: ${message}`) ?? [];
  const urls = { token_url: 'https://up.example/token', authorization_url: 'https://up.example/authorize' };

  it.each([
    { what: 'an issuer', entry: code },
    { what: 'URLs', entry: { ...urls, client_id: 'gateway', revocation_url: 'https://up.example/revoke' } },
    { what: 'further parameters', entry: { ...code, authorization_parameters: { access_type: 'offline' } } },
  ])('is accepted with $what', ({ entry }) => {
    expect(issues(entry)).toEqual([]);
  });

  it.each([
    { what: 'without a server', entry: { client_id: 'gateway' }, says: 'expected exactly one of token_url, issuer' },
    {
      what: 'without an authorization endpoint',
      entry: { ...urls, authorization_url: undefined, client_id: 'x' },
      says: 'authorization_code.authorization_url: missing',
    },
    {
      what: 'with an endpoint beside the issuer',
      entry: { ...code, authorization_url: urls.authorization_url },
      says: 'authorization_code.authorization_url: ',
    },
    {
      what: 'with a state of its own',
      entry: { ...code, authorization_parameters: { state: 'x' } },
      says: 'authorization_code.authorization_parameters.state: ',
    },
    {
      what: 'with an endpoint without TLS',
      entry: { ...urls, authorization_url: 'http://up.example/', client_id: 'x' },
      says: 'expected https',
    },
  ])('is refused $what', ({ entry, says }) => {
    expect(issues(entry)).toEqual([expect.stringContaining(says)]);
  });

  it('is refused where all users share a connection', () => {
    const shared = schema.safeParse({
      upstreams: [{ id: 'up', http: { url: 'https://up' }, auth: { authorization_code: code }, connections: 'shared' }],
    });
    expect(shared.error?.issues.map(({ path }) => path.join('.'))).toEqual(['upstreams.0.connections']);
  });
});
