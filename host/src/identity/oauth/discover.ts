import { fail } from '../../core/fault.ts';
import type { ProviderRequest } from './provider-request.ts';

/**
 * Returns the URL of an issuer's keys, from the metadata of OAuth (RFC 8414 § 3.1) or of OpenID Connect, whose path comes
 * after that of the issuer.
 * @throws Fault `identity_unavailable`
 */
export async function discoverKeys(issuer: string, request: ProviderRequest): Promise<string> {
  const { origin, pathname } = new URL(issuer);
  const path = pathname.replace(/\/$/, '');
  const places = new Set([
    `${origin}/.well-known/oauth-authorization-server${path}`,
    `${origin}/.well-known/openid-configuration${path}`,
    `${origin}${path}/.well-known/openid-configuration`,
  ]);
  for (const place of places) {
    const document = await request(place);
    if (document === undefined) continue;
    const { issuer: named, jwks_uri: keys } = document;
    // Someone else's metadata would bring someone else's keys (RFC 8414 § 3.3).
    if (named !== issuer) fail('identity_unavailable', { url: place, what: 'its metadata names another issuer' });
    if (typeof keys === 'string' && URL.canParse(keys)) return keys;
    fail('identity_unavailable', { url: place, what: 'its metadata has no jwks_uri' });
  }
  fail('identity_unavailable', { issuer, what: 'it has no metadata', hint: 'set `jwks_url`, or correct `issuer`' });
}
