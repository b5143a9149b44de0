import type { Facilities } from '../capability/facilities.ts';
import type { Config } from '../config/config.ts';
import { Fault } from '../core/fault.ts';
import type { Log } from '../core/log.ts';
import type { Authentication } from '../http/step/authenticate.ts';
import { type AcceptedAuthentication, AuthenticationRecord } from '../http/step/authentication-record.ts';
import { createApiKeys } from '../identity/api-key/api-keys.ts';
import type { ClientAddress } from '../identity/client-address.ts';
import { createClientCertificate } from '../identity/client-certificate.ts';
import { createProxyHeaders } from '../identity/proxy-headers.ts';
import type { Authenticate } from '../identity/scheme.ts';
import { VerificationBudget } from '../identity/verification-budget.ts';
import type { IdentityPluginContext } from './open-identity-plugins.ts';

export interface AuthenticationContext extends Pick<Facilities, 'metrics' | 'audit' | 'secrets'> {
  readonly log: Log;
  /** Finds the address of a client. */
  readonly addressOf: ClientAddress;
  readonly plugins: IdentityPluginContext;
}

/**
 * Opens the ways to authenticate callers: those of the embedding program first, then those of the configuration.
 * Disposing of the result closes the connections with authorization servers.
 */
export async function openAuthentication(
  config: Pick<Config, 'identity' | 'bindings' | 'routes' | 'tenants' | 'trusted_proxies' | 'audit'>,
  own: readonly Authenticate[],
  { log, metrics, audit, secrets, addressOf, plugins }: AuthenticationContext,
): Promise<Authentication & AsyncDisposable> {
  const { identity, bindings, trusted_proxies: proxies } = config;
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
  const lastOAuth = identity.schemes.findLastIndex(({ oauth }) => oauth !== undefined);
  // Its code is loaded only where it is used.
  const code = lastOAuth < 0 ? undefined : await import('./open-oauth.ts');
  const usesPlugins = identity.checks.length > 0 || identity.schemes.some(({ plugin }) => plugin !== undefined);
  const pluginCode = usesPlugins ? await import('./open-identity-plugins.ts') : undefined;
  const budget = new VerificationBudget();
  const resources = code?.protectedResources(identity, config);
  const lastBearer = identity.schemes.findLastIndex(
    ({ oauth, plugin }) =>
      oauth !== undefined || (plugin?.header === 'authorization' && (plugin.authorization ?? 'bearer') === 'bearer'),
  );
  const schemes = identity.schemes.map((scheme, index) => {
    const { id, api_keys: keys, client_certificates: names, proxy, oauth, plugin } = scheme;
    if (keys !== undefined) return createApiKeys({ id, log, ...keys });
    if (names !== undefined) return createClientCertificate({ id, ...names });
    if (proxy !== undefined)
      return createProxyHeaders({ id, ...proxy, from: proxy.from ?? (proxy.certificate ? undefined : proxies?.from) });
    if (oauth !== undefined && code !== undefined && resources !== undefined) {
      const context = { resources, budget, addressOf, secrets, refusesOtherIssuers: index === lastBearer };
      return opening.use(code.openOAuth(id, oauth, context)).authenticate;
    }
    if (plugin !== undefined && pluginCode !== undefined) {
      return pluginCode.openPluginScheme(id, plugin, identity, { ...plugins, budget });
    }
    throw new Fault('internal', { hint: `the scheme ${id} is of no kind` });
  });
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
