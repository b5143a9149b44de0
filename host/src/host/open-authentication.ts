import type { Config } from '../config/config.ts';
import { Fault } from '../core/fault.ts';
import type { Authentication } from '../http/step/authenticate.ts';
import { createProxyHeaders } from '../identity/proxy-headers.ts';
import type { Authenticate } from '../identity/scheme.ts';

type Identity = Exclude<Config['identity'], 'none' | undefined>;

/** Creates the ways to authenticate callers: those of the embedding program first, then those of the configuration. */
export function openAuthentication(
  identity: Config['identity'],
  own: readonly Authenticate[],
): Authentication | undefined {
  if (identity === undefined || identity === 'none') return { schemes: own, servesAnonymous: true };
  return { schemes: [...own, ...identity.schemes.map(createScheme)], servesAnonymous: identity.anonymous === 'serve' };
}

function createScheme({ id, proxy }: Identity['schemes'][number]): Authenticate {
  if (proxy !== undefined) return createProxyHeaders({ id, ...proxy });
  throw new Fault('internal', { hint: `the scheme ${id} is of no kind` });
}
