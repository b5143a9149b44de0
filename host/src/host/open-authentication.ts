import type { Facilities } from '../capability/facilities.ts';
import type { Config } from '../config/config.ts';
import { canonicalJson } from '../core/canonical-json.ts';
import { Fault } from '../core/fault.ts';
import type { Log } from '../core/log.ts';
import type { Authentication } from '../http/step/authenticate.ts';
import { type AcceptedAuthentication, AuthenticationRecord } from '../http/step/authentication-record.ts';
import { createApiKeys } from '../identity/api-key/api-keys.ts';
import type { ClientAddress } from '../identity/client-address.ts';
import { createClientCertificate } from '../identity/client-certificate.ts';
import { createProxyHeaders } from '../identity/proxy-headers.ts';
import type { Authenticate } from '../identity/scheme.ts';
import type { VerificationBudget } from '../identity/verification-budget.ts';
import type { IdentityPluginContext } from './open-identity-plugins.ts';
import type { Identity, OpenProvider } from './open-oauth.ts';
import type { PartPool } from './reload/part-pool.ts';

/** A way to authenticate callers, with what it remembers of them. */
export interface OpenScheme extends AsyncDisposable {
  readonly authenticate: Authenticate;
}

export interface AuthenticationContext extends Pick<Facilities, 'metrics' | 'audit' | 'secrets'> {
  readonly log: Log;
  /** Finds the address of a client. */
  readonly addressOf: ClientAddress;
  readonly plugins: IdentityPluginContext;
  /** Returns what a plugin that authenticates callers was started with, as text. */
  readonly pluginKey: (id: string) => unknown;
  readonly budget: VerificationBudget;
  /** The schemes and authorization servers that are open, of all generations. */
  readonly schemes: PartPool<OpenScheme>;
  readonly servers: PartPool<OpenProvider>;
}

type AuthenticationConfig = Pick<Config, 'identity' | 'bindings' | 'routes' | 'tenants' | 'trusted_proxies' | 'audit'>;

/**
 * Opens the ways to authenticate callers: those of the embedding program first, then those of the configuration. A scheme
 * that is open with the same settings is taken over, with the keys and tokens that it remembers. Disposing of the result closes what no
 * other generation has.
 */
export async function openAuthentication(
  config: AuthenticationConfig,
  own: readonly Authenticate[],
  context: AuthenticationContext,
): Promise<Authentication & AsyncDisposable> {
  const { identity, bindings } = config;
  const { metrics, audit, addressOf, plugins } = context;
  await using opening = new AsyncDisposableStack();
  const required = bindings.filter(each => each.required_scopes.length > 0);
  const requiredScopes = new Map(required.map(each => [each.id, each.required_scopes]));
  // In the log, a line for each caller would be too many.
  const isAudited = config.audit.file !== undefined || config.audit.sink === 'stdout';
  const accepted = isAudited ? (event: AcceptedAuthentication) => audit.write(event) : undefined;
  const record = new AuthenticationRecord(metrics, addressOf, refusal => audit.write(refusal), accepted);
  if (identity === undefined || identity === 'none') {
    // A program that can tell callers apart wants to know them, unless the configuration says otherwise.
    const servesAnonymous = own.length === 0 || identity === 'none';
    return { schemes: own, servesAnonymous, requiredScopes, record, async [Symbol.asyncDispose]() {} };
  }
  const usesPlugins = identity.checks.length > 0 || identity.schemes.some(({ plugin }) => plugin !== undefined);
  const pluginCode = usesPlugins ? await import('./open-identity-plugins.ts') : undefined;
  const { schemes, resources } = await openSchemes({ ...config, identity }, context, opening);
  const opened = opening.move();
  return {
    schemes: [...own, ...schemes],
    servesAnonymous: identity.anonymous === 'serve',
    requiredScopes,
    expiredCallsMs: identity.expired_calls_ms,
    record,
    resources,
    ...(pluginCode !== undefined && {
      credentialHeaders: pluginCode.refusedHeaders(identity),
      checks: pluginCode.openChecks(identity, plugins),
    }),
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}

/** Opens the schemes of the configuration, and gives them back with `opening`. */
async function openSchemes(
  config: AuthenticationConfig & { readonly identity: Identity },
  context: AuthenticationContext,
  opening: AsyncDisposableStack,
): Promise<Pick<Authentication, 'schemes' | 'resources'>> {
  const { identity, trusted_proxies: proxies } = config;
  const { log, secrets, addressOf, budget, plugins, pluginKey } = context;
  const usesOAuth = identity.schemes.some(({ oauth }) => oauth !== undefined);
  // Its code is loaded only where it is used.
  const code = usesOAuth ? await import('./open-oauth.ts') : undefined;
  const pluginCode = identity.schemes.some(({ plugin }) => plugin !== undefined)
    ? await import('./open-identity-plugins.ts')
    : undefined;
  const resources = code?.protectedResources(identity, config);
  const lastBearer = identity.schemes.findLastIndex(
    ({ oauth, plugin }) =>
      oauth !== undefined || (plugin?.header === 'authorization' && (plugin.authorization ?? 'bearer') === 'bearer'),
  );
  const open = async (scheme: Identity['schemes'][number], index: number): Promise<Authenticate> => {
    const { id, api_keys: keys, client_certificates: names, proxy, oauth, plugin } = scheme;
    const hold = async (madeOf: object, create: () => Authenticate) => {
      const key = canonicalJson({ scheme, proxies, ...madeOf });
      const held = await context.schemes.hold(key, () => ({
        authenticate: create(),
        async [Symbol.asyncDispose]() {},
      }));
      return opening.use(held).part.authenticate;
    };
    if (keys !== undefined) return hold({}, () => createApiKeys({ id, log, ...keys }));
    if (names !== undefined) return hold({}, () => createClientCertificate({ id, ...names }));
    if (proxy !== undefined) {
      const from = proxy.from ?? (proxy.certificate ? undefined : proxies?.from);
      return hold({}, () => createProxyHeaders({ id, ...proxy, from }));
    }
    if (oauth !== undefined && code !== undefined && resources !== undefined) {
      const { issuer, jwks_url, introspection, allow_private } = oauth;
      const madeOf = canonicalJson({ id, issuer, jwks_url, introspection, allow_private });
      const { part: provider } = opening.use(
        await context.servers.hold(madeOf, () => code.openAuthorizationServer(id, oauth)),
      );
      const refusesOtherIssuers = index === lastBearer;
      const secret = secrets.fingerprint(introspection === undefined ? [] : [introspection.client_secret]);
      return hold({ refusesOtherIssuers, secret, resources: resources.identifiers }, () =>
        code.openOAuth(id, oauth, { provider, resources, budget, addressOf, secrets, refusesOtherIssuers }),
      );
    }
    if (plugin !== undefined && pluginCode !== undefined) {
      return hold({ schemes: identity.schemes, plugin: pluginKey(plugin.id) }, () =>
        pluginCode.openPluginScheme(id, plugin, identity, { ...plugins, budget }),
      );
    }
    throw new Fault('internal', { hint: `the scheme ${id} is of no kind` });
  };
  const schemes: Authenticate[] = [];
  for (const [index, scheme] of identity.schemes.entries()) schemes.push(await open(scheme, index));
  return { schemes, resources };
}
