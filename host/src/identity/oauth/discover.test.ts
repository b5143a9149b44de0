import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../core/json.ts';
import { discoverKeys } from './discover.ts';

const issuer = 'https://as.example/tenant';
const keys = 'https://keys.example/all';
const places = {
  oauth: 'https://as.example/.well-known/oauth-authorization-server/tenant',
  inserted: 'https://as.example/.well-known/openid-configuration/tenant',
  appended: 'https://as.example/tenant/.well-known/openid-configuration',
};
const metadata = { issuer, jwks_uri: keys };

async function discover(documents: Readonly<Record<string, JsonObject>>, of = issuer) {
  const requested: string[] = [];
  const found = discoverKeys(of, async url => {
    requested.push(url);
    return documents[url];
  });
  return { found: await found.catch((error: Error) => error), requested };
}

describe('the keys of an issuer are named by its metadata [GW-132]', () => {
  it.each([
    ['OAuth', { [places.oauth]: metadata }, [places.oauth]],
    ['OpenID Connect, with the path inserted', { [places.inserted]: metadata }, [places.oauth, places.inserted]],
    ['OpenID Connect', { [places.appended]: metadata }, Object.values(places)],
  ])('of %s', async (_, documents, asked) => {
    expect(await discover(documents)).toEqual({ found: keys, requested: asked });
  });

  it('of an issuer without a path, with or without a slash', async () => {
    const place = 'https://as.example/.well-known/openid-configuration';
    for (const plain of ['https://as.example', 'https://as.example/']) {
      const { found, requested } = await discover({ [place]: { issuer: plain, jwks_uri: keys } }, plain);
      expect(found).toBe(keys);
      expect(requested).toEqual(['https://as.example/.well-known/oauth-authorization-server', place]);
    }
  });

  it.each([
    [
      'another issuer',
      { [places.oauth]: { ...metadata, issuer: 'https://evil.example' }, [places.appended]: metadata },
    ],
    ['an issuer with a slash', { [places.oauth]: { ...metadata, issuer: `${issuer}/` } }],
    ['no keys', { [places.oauth]: { issuer } }],
    ['keys at no URL', { [places.oauth]: { issuer, jwks_uri: 'keys' } }],
    ['nothing at all', {}],
  ])('and metadata with %s is not believed', async (_, documents) => {
    expect((await discover(documents)).found).toMatchObject({ code: 'identity_unavailable' });
  });
});
