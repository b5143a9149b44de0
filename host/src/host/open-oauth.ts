import type { Secrets } from '../capability/secret-store/secrets.ts';
import type { Config } from '../config/config.ts';
import { fail } from '../core/fault.ts';
import { matchesGlob } from '../core/glob.ts';
import { usualRoutes } from '../http/route-map.ts';
import type { ClientAddress } from '../identity/client-address.ts';
import { createOAuth } from '../identity/oauth/create-oauth.ts';
import { discoverKeys } from '../identity/oauth/discover.ts';
import { createIntrospect } from '../identity/oauth/introspect.ts';
import { KeySet } from '../identity/oauth/key-set.ts';
import type { ProviderRequest } from '../identity/oauth/provider-request.ts';
import { ProtectedResources, type ResourcePath, resourceKey } from '../identity/protected-resources.ts';
import type { Authenticate } from '../identity/scheme.ts';
import type { VerificationBudget } from '../identity/verification-budget.ts';
import { openProvider } from './provider-requests.ts';

export type Identity = Exclude<Config['identity'], 'none' | undefined>;
type OAuth = NonNullable<Identity['schemes'][number]['oauth']>;

type Rule = NonNullable<Config['bindings'][number]['allow']>[number];

/**
 * Whether a rule is about any caller with a token of one of these schemes. The scopes of other rules could tell everyone
 * whom they are about.
 */
const isForAnyone = (rule: Rule, schemes: readonly string[]): boolean =>
  [rule.subjects, rule.tenants, rule.claims].every(field => field === undefined) &&
  (rule.schemes?.some(glob => schemes.some(scheme => matchesGlob(glob, scheme))) ?? true);

/** Returns the scopes that the rules of a binding ask for. */
function scopesOfRules(rules: readonly Rule[], schemes: readonly string[]) {
  const ruleScopes = rules.filter(rule => isForAnyone(rule, schemes)).map(({ scopes = [] }) => scopes);
  const needsNone = rules.some(({ scopes }) => scopes === undefined);
  return { ruleScopes, entryScopes: needsNone ? [] : (ruleScopes[0] ?? []) };
}

/** Returns the bindings as protected resources. */
export function protectedResources(
  identity: Identity,
  { bindings, routes, tenants }: Pick<Config, 'bindings' | 'routes' | 'tenants'>,
): ProtectedResources {
  const servers = identity.schemes.flatMap(({ oauth }) =>
    oauth === undefined ? [] : [{ issuer: oauth.issuer, requiredScopes: oauth.required_scopes }],
  );
  const schemes = identity.schemes.filter(({ oauth }) => oauth !== undefined).map(({ id }) => id);
  const scopes = new Map(
    bindings.map(({ id, required_scopes: requiredScopes, allow = [] }) => [
      id,
      { requiredScopes, ...scopesOfRules(allow, schemes) },
    ]),
  );
  const standard = bindings.find(each => each.default)?.id;
  const usual = usualRoutes(
    bindings.map(({ id }) => id),
    standard,
  );
  const defaults = new Set([standard, ...tenants.map(each => each.default_binding)].filter(id => id !== undefined));
  const paths = (routes ?? usual).map((entry): ResourcePath => {
    const { host, path, binding } = entry;
    const of = (id: string) => scopes.get(id) ?? noScopes;
    const own = binding === undefined ? commonScopes([...defaults].map(of)) : { name: binding, ...of(binding) };
    return { host, path, resource: resourceKey(entry), ...own };
  });
  return new ProtectedResources({ paths, publicUrl: identity.public_url, servers });
}

type Scopes = Pick<ResourcePath, 'requiredScopes' | 'ruleScopes' | 'entryScopes'>;

const noScopes: Scopes = { requiredScopes: [], ruleScopes: [], entryScopes: [] };

/** Returns the scopes of a URL where the caller's tenant decides: those that each binding needs, and all that are published. */
function commonScopes(all: readonly Scopes[]): Scopes {
  const inAll = (of: (each: Scopes) => readonly string[]) =>
    (all.map(of)[0] ?? []).filter(scope => all.every(each => of(each).includes(scope)));
  return {
    requiredScopes: inAll(each => each.requiredScopes),
    ruleScopes: all.flatMap(each => [...each.ruleScopes, each.requiredScopes]),
    entryScopes: inAll(each => each.entryScopes),
  };
}

/** The keys of one authorization server, and the way to request them and more of it. */
export interface OpenProvider extends AsyncDisposable {
  readonly keys: KeySet;
  readonly request: ProviderRequest;
}

/** Opens an authorization server. Nothing is requested from it before the first token arrives. */
export function openAuthorizationServer(
  id: string,
  { issuer, jwks_url: keysUrl, introspection, allow_private: allowPrivate }: OAuth,
): OpenProvider {
  const urls = [issuer, keysUrl, introspection?.url].filter(url => url !== undefined);
  const { request, [Symbol.asyncDispose]: close } = openProvider({ id, urls, allowPrivate });
  const keys = new KeySet({
    fetch: async () => {
      const url = keysUrl ?? (await discoverKeys(issuer, request));
      return (await request(url)) ?? fail('identity_unavailable', { url, what: 'it has no keys' });
    },
    now: () => performance.now(),
  });
  return { keys, request, [Symbol.asyncDispose]: close };
}

export interface OAuthContext {
  readonly provider: OpenProvider;
  readonly resources: ProtectedResources;
  readonly budget: VerificationBudget;
  readonly addressOf: ClientAddress;
  readonly secrets: Pick<Secrets, 'read'>;
  /** Whether a JWT of another issuer is refused, because no later scheme could accept it. */
  readonly refusesOtherIssuers: boolean;
}

/** Opens the scheme of one authorization server. */
export function openOAuth(id: string, oauth: OAuth, { secrets, provider, ...context }: OAuthContext): Authenticate {
  const { issuer, audience, algorithms, type, claims, introspection } = oauth;
  return createOAuth({
    ...{ id, issuer, audience, algorithms, type, claims },
    requiredScopes: oauth.required_scopes,
    clockSkewS: oauth.clock_skew_s,
    findKey: provider.keys.find,
    introspect:
      introspection &&
      createIntrospect({
        ...{ url: introspection.url, clientId: introspection.client_id, issuer },
        clientSecret: () => secrets.read(introspection.client_secret),
        request: provider.request,
        clockSkewS: oauth.clock_skew_s,
      }),
    ...context,
  });
}
