import { type Fault, fail, toFault } from '../../core/fault.ts';
import { openProvider } from '../../host/provider-requests.ts';
import { discoverKeys } from '../../identity/oauth/discover.ts';
import type { Check, Found } from '../check.ts';
import type { Patient } from '../patient.ts';
import { readMetadata } from './issuer.ts';

type Identity = Exclude<Patient['config']['identity'], 'none' | undefined>;
type OAuth = NonNullable<Identity['schemes'][number]['oauth']>;

/** Whether the keys can be read with which tokens of callers are verified. */
export const tokenKeys: Check = {
  id: 'DR408',
  severity: 'error',
  about: 'whether the keys of authorization servers can be read, to verify tokens of callers',
  why: 'No token can be verified, so all callers with tokens are refused.',
  fix: 'Make sure that the gateway can reach the URL of the keys, or correct `jwks_url`.',
  isOnline: true,
  async find({ config: { identity }, signal }) {
    const schemes = typeof identity === 'object' ? identity.schemes : [];
    const found = schemes.map(async ({ id, oauth }): Promise<readonly Found[]> => {
      // Tokens that are introspected have no keys, and a server without metadata is found by another check.
      if (oauth === undefined || (oauth.jwks_url === undefined && !(await publishesKeys(oauth, signal)))) return [];
      const fault = await keysFault(id, oauth);
      if (fault === undefined) return [];
      const { what, url = oauth.jwks_url ?? oauth.issuer } = fault.details;
      const text = `The keys of ${oauth.issuer} cannot be read from ${url}: ${what ?? fault.message}.`;
      return [{ what: text, at: `identity.schemes.${id}.oauth` }];
    });
    return (await Promise.all(found)).flat();
  },
};

async function publishesKeys({ issuer, introspection, allow_private }: OAuth, signal: AbortSignal): Promise<boolean> {
  if (introspection !== undefined) return false;
  const allowPrivate = issuer.startsWith('http:') ? [...allow_private, '127.0.0.0/8', '::1/128'] : allow_private;
  return (await readMetadata({ issuer, at: '', allowPrivate }, signal)).problem === undefined;
}

/** Reads the keys as the gateway does. Returns why they are of no use. */
async function keysFault(id: string, oauth: OAuth): Promise<Fault | undefined> {
  const { issuer, jwks_url: stated, allow_private: allowPrivate } = oauth;
  const urls = stated === undefined ? [issuer] : [issuer, stated];
  await using provider = openProvider({ id, urls, allowPrivate });
  try {
    const url = stated ?? (await discoverKeys(issuer, provider.request));
    const document = await provider.request(url);
    if (document === undefined) fail('identity_unavailable', { url, what: 'there is nothing at this URL' });
    const { keys } = document;
    if (!Array.isArray(keys)) fail('identity_unavailable', { url, what: 'it is not a JWK Set' });
    if (keys.length === 0) fail('identity_unavailable', { url, what: 'the JWK Set is empty' });
    return undefined;
  } catch (error) {
    return toFault(error);
  }
}
