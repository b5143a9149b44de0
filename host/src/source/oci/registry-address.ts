import { isLoopback } from '../../core/loopback.ts';

/** Docker Hub's registry is not where its name says. */
const dockerHub = { name: 'docker.io', api: 'registry-1.docker.io', token: 'auth.docker.io' };

/** What the operator allows beyond the rules of a registry's address. */
export interface AddressPolicy {
  /** `host[:port]` of registries that are asked over plain http although they are not on this machine. */
  readonly plainHttp?: readonly string[];
  /** `host[:port]` of token services that may have our credentials although they are not on the registry's host. */
  readonly tokenHosts?: readonly string[];
}

const mayBePlain = (url: URL, { plainHttp = [] }: AddressPolicy): boolean =>
  isLoopback(url.hostname) || plainHttp.includes(url.host) || plainHttp.includes(url.hostname);

/** Where a registry's API is: https, and plain http only on this machine or where the operator says so. */
export function registryUrl(registry: string, policy: AddressPolicy): URL {
  const secure = new URL(`https://${registry === dockerHub.name ? dockerHub.api : registry}`);
  if (registry === dockerHub.name) return secure;
  const plain = new URL(`http://${registry}`);
  return mayBePlain(plain, policy) ? plain : secure;
}

/**
 * Whether `realm` may be asked for a token, and so may see our credentials: on the registry's own host or one that the
 * operator trusts, over https, or over plain http where the registry itself is asked so.
 */
export function isTrustedRealm(realm: URL, registry: URL, { tokenHosts = [] }: AddressPolicy): boolean {
  const own =
    realm.hostname === registry.hostname ||
    (registry.hostname === dockerHub.api && realm.hostname === dockerHub.token) ||
    tokenHosts.includes(realm.host) ||
    tokenHosts.includes(realm.hostname);
  const safe = realm.protocol === 'https:' || (realm.protocol === 'http:' && registry.protocol === 'http:');
  return own && safe && realm.username === '' && realm.password === '';
}

/** Whether a redirect may be followed: to https, or from plain http to plain http where that is allowed anyway. */
export const isFollowed = (from: URL, to: URL, policy: AddressPolicy): boolean =>
  to.protocol === 'https:' || (to.protocol === 'http:' && from.protocol === 'http:' && mayBePlain(to, policy));
