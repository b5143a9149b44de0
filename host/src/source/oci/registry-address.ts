import { isLoopback } from '../../core/loopback.ts';

/** Docker Hub's registry has another host than its name. */
const dockerHub = { name: 'docker.io', api: 'registry-1.docker.io', token: 'auth.docker.io' };

/** What the operator allows beyond the rules for registry addresses. */
export interface AddressPolicy {
  /** `host[:port]` of registries that are reached over plain http although they are not on this machine. */
  readonly plainHttp?: readonly string[];
  /** `host[:port]` of token services that may receive our credentials although they are not on the registry's host. */
  readonly tokenHosts?: readonly string[];
}

const mayBePlain = (url: URL, { plainHttp = [] }: AddressPolicy): boolean =>
  isLoopback(url.hostname) || plainHttp.includes(url.host) || plainHttp.includes(url.hostname);

/** Returns the URL of a registry's API: https, and plain http only on this machine or where the operator allows it. */
export function registryUrl(registry: string, policy: AddressPolicy): URL {
  const secure = new URL(`https://${registry === dockerHub.name ? dockerHub.api : registry}`);
  if (registry === dockerHub.name) return secure;
  const plain = new URL(`http://${registry}`);
  return mayBePlain(plain, policy) ? plain : secure;
}

/**
 * Whether `realm` may receive our credentials in return for a token: it is on the registry's own host or one that the
 * operator trusts, over https, or over plain http if the registry is reached that way.
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

/** Whether a redirect may be followed: to https, or from plain http to plain http where that is allowed. */
export const isFollowed = (from: URL, to: URL, policy: AddressPolicy): boolean =>
  to.protocol === 'https:' || (to.protocol === 'http:' && from.protocol === 'http:' && mayBePlain(to, policy));
