import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { exportJWK, SignJWT, UnsecuredJWT } from 'jose';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { peerAddress } from '../client-address.ts';
import { credentialsOf } from '../credentials.ts';
import { ProtectedResources } from '../protected-resources.ts';
import { VerificationBudget } from '../verification-budget.ts';
import { createOAuth, type OAuthOptions } from './create-oauth.ts';
import { KeySet } from './key-set.ts';
import { TokenRefused } from './verify-jwt.ts';

const issuer = 'https://as.example/tenant';
const audience = 'https://mcp.example/mcp/main';
const scopes = { requiredScopes: [], ruleScopes: [], entryScopes: [] };
const paths = ['main', 'other'].map(resource => ({ path: `/mcp/${resource}`, resource, ...scopes }));
const resources = new ProtectedResources({ paths, publicUrl: 'https://mcp.example', servers: [] });

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const weak = generateKeyPairSync('rsa', { modulusLength: 1024 });
const attacker = generateKeyPairSync('rsa', { modulusLength: 2048 });
const keys = await Promise.all([
  exportJWK(rsa.publicKey).then(key => ({ ...key, kid: 'rsa', alg: 'RS256' })),
  exportJWK(ec.publicKey).then(key => ({ ...key, kid: 'ec' })),
  exportJWK(weak.publicKey).then(key => ({ ...key, kid: 'weak' })),
  { kty: 'RSA', kid: 'broken', n: '?', e: 'AQAB' },
  { kty: 'oct', kid: 'shared', k: Buffer.from('a secret that everybody can read').toString('base64url') },
]);

const now = () => Math.floor(Date.now() / 1000);
const usual = () => ({ iss: issuer, aud: audience, sub: 'ada', exp: now() + 60, iat: now(), scope: 'b a' });
const typ = 'at+jwt';

/** A list in a list, and so on. */
const nested = (levels: number) => Array.from({ length: levels }).reduce<unknown>(inner => [inner], 1);

interface Signing {
  readonly header?: Readonly<Record<string, unknown>>;
  readonly claims?: Record<string, unknown>;
  readonly key?: KeyObject | Uint8Array;
}

/** A token that is valid but for what is stated. A claim that is undefined is left out. */
function token({ header = {}, claims = {}, key = rsa.privateKey }: Signing = {}): Promise<string> {
  const signed = new SignJWT({ ...usual(), ...claims }).setProtectedHeader({
    alg: 'RS256',
    typ,
    kid: 'rsa',
    ...header,
  });
  return signed.sign(key, header.crit === undefined ? {} : { crit: { exp: true, ext: true } });
}

let fetched: number;
beforeEach(() => {
  fetched = 0;
});

function scheme(options: Partial<OAuthOptions> = {}) {
  const set = new KeySet({
    async fetch() {
      fetched += 1;
      return { keys };
    },
    now: () => performance.now(),
  });
  return createOAuth({
    ...{ id: 'as', issuer, algorithms: ['RS256', 'ES256'], type: 'at+jwt', clockSkewS: 5, requiredScopes: [] },
    claims: { subject: 'sub', scopes: 'scope' },
    findKey: set.find,
    resources,
    budget: new VerificationBudget(),
    addressOf: peerAddress,
    refusesOtherIssuers: true,
    ...options,
  });
}

const request = (bearer: string | undefined) =>
  Object.assign(new IncomingMessage(new Socket()), {
    headers: bearer === undefined ? {} : { authorization: `Bearer ${bearer}` },
  });

describe('an access token [GW-130]', () => {
  const accepted = [
    { what: 'of the issuer', signing: {} },
    {
      what: 'signed with another algorithm of the list',
      signing: { header: { alg: 'ES256', kid: 'ec' }, key: ec.privateKey },
    },
    { what: 'whose audience has a trailing slash', signing: { claims: { aud: `${audience}/` } } },
    {
      what: 'whose audience is spelled in upper case',
      signing: { claims: { aud: 'HTTPS://MCP.Example:443/mcp/main' } },
    },
    { what: 'with several audiences', signing: { claims: { aud: ['https://elsewhere.example', audience] } } },
    { what: 'that expired within the skew of clocks', signing: { claims: { exp: now() - 2 } } },
    { what: 'that is valid from a moment within the skew', signing: { claims: { nbf: now() + 2, iat: now() + 2 } } },
    { what: 'whose type has its prefix', signing: { header: { typ: 'application/at+jwt' } } },
  ];
  it.each(accepted)('is accepted: $what', async ({ signing }) => {
    const bearer = await token(signing);
    const principal = await scheme()(request(bearer), 'main');
    expect(principal).toMatchObject({ scheme: 'as', subject: 'ada', scopes: ['a', 'b'], claims: { iss: issuer } });
    expect(principal && credentialsOf(principal)).toEqual({ token: bearer });
  });

  const refused = [
    {
      what: 'another audience',
      make: () => token({ claims: { aud: 'https://mcp.example/mcp/none' } }),
      reason: 'wrong_audience',
    },
    {
      what: 'an audience that only begins like it',
      make: () => token({ claims: { aud: `${audience}.evil` } }),
      reason: 'wrong_audience',
    },
    {
      what: 'an audience with a query',
      make: () => token({ claims: { aud: `${audience}?a` } }),
      reason: 'wrong_audience',
    },
    {
      what: 'the audience of another host',
      make: () => token({ claims: { aud: 'https://evil.example/mcp/main' } }),
      reason: 'wrong_audience',
    },
    { what: 'no audience', make: () => token({ claims: { aud: undefined } }), reason: 'missing_claim' },
    { what: 'an audience of another type', make: () => token({ claims: { aud: 7 } }), reason: 'missing_claim' },
    { what: 'another issuer', make: () => token({ claims: { iss: 'https://as.example' } }), reason: 'wrong_issuer' },
    { what: 'an issuer with a slash', make: () => token({ claims: { iss: `${issuer}/` } }), reason: 'wrong_issuer' },
    { what: 'no issuer', make: () => token({ claims: { iss: undefined } }), reason: 'wrong_issuer' },
    { what: 'an expiry that has passed', make: () => token({ claims: { exp: now() - 60 } }), reason: 'expired' },
    { what: 'no expiry', make: () => token({ claims: { exp: undefined } }), reason: 'missing_claim' },
    { what: 'an expiry that is a text', make: () => token({ claims: { exp: '9999999999' } }), reason: 'malformed' },
    { what: 'a beginning in the future', make: () => token({ claims: { nbf: now() + 60 } }), reason: 'not_yet_valid' },
    { what: 'an issue in the future', make: () => token({ claims: { iat: now() + 60 } }), reason: 'not_yet_valid' },
    { what: 'no subject', make: () => token({ claims: { sub: undefined } }), reason: 'missing_claim' },
    { what: 'an empty subject', make: () => token({ claims: { sub: '' } }), reason: 'missing_claim' },
    {
      what: 'a subject that is too long',
      make: () => token({ claims: { sub: 'a'.repeat(600) } }),
      reason: 'missing_claim',
    },
    { what: 'a binding to a key', make: () => token({ claims: { cnf: { jkt: 'x' } } }), reason: 'sender_constrained' },
    { what: 'the type of another JWT', make: () => token({ header: { typ: 'logout+jwt' } }), reason: 'wrong_type' },
    { what: 'no type', make: () => token({ header: { typ: undefined } }), reason: 'wrong_type' },
    { what: 'the type of any JWT', make: () => token({ header: { typ: 'JWT' } }), reason: 'wrong_type' },
    { what: 'no signature', make: async () => unsecured(), reason: 'wrong_algorithm' },
    {
      what: 'a MAC with the public key as its secret',
      make: () =>
        token({ header: { alg: 'HS256' }, key: Buffer.from(rsa.publicKey.export({ type: 'spki', format: 'pem' })) }),
      reason: 'wrong_algorithm',
    },
    {
      what: 'an algorithm that is not in the list',
      make: () => token({ header: { alg: 'RS512' } }),
      reason: 'wrong_algorithm',
    },
    { what: 'a key id that is unknown', make: () => token({ header: { kid: 'unknown' } }), reason: 'wrong_key' },
    {
      what: 'a key id that is a path',
      make: () => token({ header: { kid: '../../../../dev/null' } }),
      reason: 'wrong_key',
    },
    {
      what: 'a key id that is a URL',
      make: () => token({ header: { kid: 'http://169.254.169.254/keys' } }),
      reason: 'wrong_key',
    },
    { what: 'a key id of the prototype', make: () => token({ header: { kid: '__proto__' } }), reason: 'wrong_key' },
    { what: 'a key id of 2,500 bytes', make: () => token({ header: { kid: 'k'.repeat(2_500) } }), reason: 'wrong_key' },
    { what: 'a header of 5,000 bytes', make: () => token({ header: { kid: 'k'.repeat(5_000) } }), reason: 'malformed' },
    {
      what: 'a key id that is a number',
      make: () => token({ header: { kid: 1 } }),
      reason: 'wrong_key',
    },
    {
      what: 'no key id where several keys fit',
      make: () => token({ header: { kid: undefined } }),
      reason: 'wrong_key',
    },
    { what: 'a key that is too short', make: async () => weakToken(), reason: 'wrong_key' },
    { what: 'a key that is broken', make: () => token({ header: { kid: 'broken' } }), reason: 'wrong_key' },
    {
      what: 'a key of its own in the header',
      make: async () =>
        token({ header: { kid: 'mine', jwk: await exportJWK(attacker.publicKey) }, key: attacker.privateKey }),
      reason: 'wrong_key',
    },
    { what: 'the key of someone else', make: () => token({ key: attacker.privateKey }), reason: 'wrong_signature' },
    {
      what: 'an extension that must be understood',
      make: () => token({ header: { crit: ['ext'], ext: true } }),
      reason: 'malformed',
    },
    { what: 'other claims than were signed', make: async () => altered(await token()), reason: 'wrong_signature' },
    {
      what: 'claims that are no JSON',
      make: async () => (await token()).replace(/\..*\./, '.eyJh.'),
      reason: 'malformed',
    },
    {
      what: 'claims that are nested too deeply',
      make: () => token({ claims: { deep: nested(65) } }),
      reason: 'malformed',
    },
    {
      what: 'claims that are a list',
      make: async () => (await token()).replace(/\..*\./, '.W10.'),
      reason: 'malformed',
    },
  ];
  it.each(refused)('is refused with $what: $reason', async ({ make, reason }) => {
    const bearer = await make();
    const refusal = await failureOf(async () => scheme()(request(bearer), 'main'));
    expect(refusal).toMatchObject({ code: 'credentials_refused', details: { scheme: 'as', reason } });
    expect(JSON.stringify([refusal.details, refusal.message])).not.toContain(bearer.slice(0, 20));
  });

  it('for one binding is refused at another', async () => {
    const authenticate = scheme();
    const bearer = await token();
    expect(await authenticate(request(bearer), 'main')).toMatchObject({ subject: 'ada' });
    const refusal = await failureOf(async () => authenticate(request(bearer), 'other'));
    expect(refusal).toMatchObject({ details: { reason: 'wrong_audience', resource: 'other' } });
  });

  it('of another issuer is left to later schemes, and an opaque one too', async () => {
    const authenticate = scheme({ refusesOtherIssuers: false });
    expect(authenticate(request(await token({ claims: { iss: 'https://b.example' } })), 'main')).toBeUndefined();
    expect(scheme()(request('opaque'), 'main')).toBeUndefined();
    expect(scheme()(request(undefined), 'main')).toBeUndefined();
    expect(fetched).toBe(0);
  });

  it('may have the configured audience, any type, and claims at other places', async () => {
    const claims = { subject: '/user/name', tenant: 'org', scopes: '/realm/roles' };
    const authenticate = scheme({ audience: 'api://door', type: 'any', claims });
    const more = { user: { name: 'bob' }, org: 'one', realm: { roles: ['x', 1, 'y'] } };
    const bearer = await token({ header: { typ: undefined }, claims: { aud: 'api://door', ...more } });
    expect(await authenticate(request(bearer), 'other')).toMatchObject({
      ...{ subject: 'bob', tenant: 'one', scopes: ['x', 'y'] },
    });
    const { org: _, ...without } = more;
    const tenantless = await token({ claims: { aud: 'api://door', ...without } });
    expect(await failureOf(async () => authenticate(request(tenantless), 'main'))).toMatchObject({
      details: { reason: 'missing_claim' },
    });
    expect(await failureOf(async () => authenticate(request(await token({ claims: more })), 'main'))).toMatchObject({
      details: { reason: 'wrong_audience' },
    });
  });

  it('without the scopes of the scheme is answered with the scopes that it needs [GW-134]', async () => {
    const authenticate = scheme({ requiredScopes: ['a', 'c'] });
    const refusal = await failureOf(async () => authenticate(request(await token()), 'main'));
    expect(refusal).toMatchObject({ code: 'insufficient_scope', details: { scope: 'a c' } });
  });
});

describe('a verified token [GW-135]', () => {
  it('is remembered, so that a request with it waits for nothing', async () => {
    const authenticate = scheme();
    const bearer = await token();
    const [first, second] = await Promise.all([1, 2].map(async () => authenticate(request(bearer), 'main')));
    expect(second).toBe(first);
    expect(authenticate(request(bearer), 'main')).toBe(first);
    expect(fetched).toBe(1);
  });

  it('is not remembered when it has expired', async () => {
    const authenticate = scheme({ clockSkewS: 0 });
    const bearer = await token({ claims: { exp: now() + 1 } });
    expect(await authenticate(request(bearer), 'main')).toMatchObject({ subject: 'ada' });
    await expect
      .poll(async () => (await failureOf(async () => authenticate(request(bearer), 'main'))).details)
      .toEqual({
        ...{ scheme: 'as', reason: 'expired' },
      });
  });

  it('does not make another one valid, and a refused one is remembered as such', async () => {
    const authenticate = scheme();
    const bearer = await token();
    await authenticate(request(bearer), 'main');
    const bad = altered(bearer);
    await failureOf(async () => authenticate(request(bad), 'main'));
    expect(() => authenticate(request(bad), 'main')).toThrow(expect.objectContaining({ code: 'credentials_refused' }));
  });
});

describe('an opaque token [GW-136]', () => {
  /** A scheme that introspects, and the tokens that it asked about. */
  function introspecting(claims: Record<string, unknown> = {}) {
    const asked: string[] = [];
    const authenticate = scheme({
      budget: new VerificationBudget(() => 0),
      async introspect(token) {
        asked.push(token);
        await new Promise(setImmediate);
        if (token.startsWith('bad')) throw new TokenRefused('inactive');
        return { ...usual(), ...claims } as never;
      },
    });
    return { asked, authenticate };
  }

  it('is introspected once for all who wait, and then remembered', async () => {
    const { asked, authenticate } = introspecting();
    const [first, second] = await Promise.all([1, 2].map(async () => authenticate(request('good'), 'main')));
    expect(first).toMatchObject({ subject: 'ada', scopes: ['a', 'b'] });
    expect(second).toBe(first);
    expect(authenticate(request('good'), 'main')).toBe(first);
    expect(asked).toEqual(['good']);
  });

  it('that was accepted before is asked about again, however many others are refused [GW-137]', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    try {
      const { asked, authenticate } = introspecting({ exp: undefined });
      await authenticate(request('good'), 'main');
      for (let count = 0; count < 200; count += 1) {
        await failureOf(async () => authenticate(request(`bad${count}`), 'main'));
      }
      vi.advanceTimersByTime(61_000);
      expect(await authenticate(request('good'), 'main')).toMatchObject({ subject: 'ada' });
      expect(asked.filter(token => token === 'good')).toHaveLength(2);
      expect(() => authenticate(request('new'), 'main')).toThrow(
        expect.objectContaining({ code: 'authentication_throttled' }),
      );
      vi.advanceTimersByTime(2 * 3_600_000);
      expect(() => authenticate(request('good'), 'main')).toThrow(
        expect.objectContaining({ code: 'authentication_throttled' }),
      );
    } finally {
      vi.useRealTimers();
    }
  });

  it('that is refused is remembered too', async () => {
    const { asked, authenticate } = introspecting();
    await failureOf(async () => authenticate(request('bad'), 'main'));
    expect(() => authenticate(request('bad'), 'main')).toThrow(
      expect.objectContaining({ details: { scheme: 'as', reason: 'inactive' } }),
    );
    expect(asked).toEqual(['bad']);
  });

  it.each([
    ['for another audience', { aud: 'https://evil.example' }, 'wrong_audience'],
    ['without an audience', { aud: undefined }, 'missing_claim'],
    ['without a subject', { sub: undefined }, 'missing_claim'],
    ['with claims that overflow the stack', { deep: nested(100_000) }, 'malformed'],
  ])('%s is refused', async (_, claims, reason) => {
    const { authenticate } = introspecting(claims);
    expect(await failureOf(async () => authenticate(request('good'), 'main'))).toMatchObject({ details: { reason } });
  });

  it('is not asked about a JWT or a key of the gateway', async () => {
    const { asked, authenticate } = introspecting();
    expect(authenticate(request('sallyport_a_b'), 'main')).toBeUndefined();
    await failureOf(async () => authenticate(request(await token({ claims: { iss: 'https://b.example' } })), 'main'));
    expect(asked).toEqual([]);
  });
});

const unsecured = () => new UnsecuredJWT(usual()).encode().replace(/^[^.]+/, encoded({ alg: 'none', typ }));
const encoded = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
const altered = (bearer: string) => bearer.replace(/\.[^.]+\./, `.${encoded({ ...usual(), sub: 'root' })}.`);
/** jose signs nothing with a key of 1,024 bits, so the signature is missing. */
const weakToken = async () => (await token()).replace(/^[^.]+/, encoded({ alg: 'RS256', typ, kid: 'weak' }));

async function failureOf(work: () => unknown) {
  try {
    await work();
  } catch (error) {
    return error as Error & { readonly details: object };
  }
  throw new Error('it was accepted');
}
