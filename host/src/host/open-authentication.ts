import type { Config } from '../config/config.ts';
import { Fault } from '../core/fault.ts';
import type { Log } from '../core/log.ts';
import type { Authentication } from '../http/step/authenticate.ts';
import { createApiKeys } from '../identity/api-key/api-keys.ts';
import { createClientCertificate } from '../identity/client-certificate.ts';
import { createProxyHeaders } from '../identity/proxy-headers.ts';
import type { Authenticate } from '../identity/scheme.ts';

type Identity = Exclude<Config['identity'], 'none' | undefined>;

/** Creates the ways to authenticate callers: those of the embedding program first, then those of the configuration. */
export function openAuthentication(
  identity: Config['identity'],
  own: readonly Authenticate[],
  log: Log,
): Authentication | undefined {
  if (identity === undefined || identity === 'none') return { schemes: own, servesAnonymous: true };
  return {
    schemes: [...own, ...identity.schemes.map(each => createScheme(each, log))],
    servesAnonymous: identity.anonymous === 'serve',
  };
}

function createScheme(scheme: Identity['schemes'][number], log: Log): Authenticate {
  const { id, api_keys: keys, client_certificates: names, proxy } = scheme;
  if (keys !== undefined) return createApiKeys({ id, log, ...keys });
  if (names !== undefined) return createClientCertificate({ id, ...names });
  if (proxy !== undefined) return createProxyHeaders({ id, ...proxy });
  throw new Fault('internal', { hint: `the scheme ${id} is of no kind` });
}
