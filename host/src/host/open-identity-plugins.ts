import type { Log } from '../core/log.ts';
import type { SecretMask } from '../core/secret-mask.ts';
import { keyPrefix } from '../identity/api-key/key-text.ts';
import type { ClientAddress } from '../identity/client-address.ts';
import { readUnverified } from '../identity/oauth/unverified-token.ts';
import { PluginChecks } from '../identity/plugin/authentication-checks.ts';
import type { PluginCalls } from '../identity/plugin/plugin-calls.ts';
import { createPluginScheme } from '../identity/plugin/plugin-scheme.ts';
import type { Authenticate, AuthenticationChecks } from '../identity/scheme.ts';
import type { VerificationBudget } from '../identity/verification-budget.ts';
import type { Plugin } from '../plugin/plugin.ts';
import type { Identity } from './open-oauth.ts';

type PluginEntry = NonNullable<Identity['schemes'][number]['plugin']>;

/** What plugins that authenticate callers need of the gateway. */
export interface IdentityPluginContext {
  /** Returns the calls of the plugins that are loaded now. */
  readonly calls: () => PluginCalls;
  readonly mask: SecretMask;
  /** Finds the address of a client. */
  readonly addressOf: ClientAddress;
}

/** Opens the scheme of a plugin. */
export function openPluginScheme(
  id: string,
  { id: plugin, cache_seconds: seconds, ...entry }: PluginEntry,
  { schemes }: Identity,
  { calls, mask, addressOf, budget }: IdentityPluginContext & { readonly budget: VerificationBudget },
): Authenticate {
  const issuers = new Set(schemes.flatMap(({ oauth }) => (oauth === undefined ? [] : [oauth.issuer])));
  return createPluginScheme({
    ...entry,
    ...{ id, plugin, calls, budget, addressOf },
    cacheMs: seconds * 1_000,
    schemes: schemes.map(each => each.id),
    // In whatever order the schemes are: a key of the gateway must not leave it, nor a token of a configured issuer.
    isForeign: text => text.startsWith(keyPrefix) || issuers.has(readUnverified(text)?.issuer ?? ''),
    mask: text => mask.text(text),
  });
}

/** Opens what plugins do before and after authentication; undefined if none does anything. */
export function openChecks(
  identity: Identity,
  { calls, mask, addressOf }: IdentityPluginContext,
): AuthenticationChecks | undefined {
  const { checks } = identity;
  return checks.length === 0
    ? undefined
    : new PluginChecks({ checks, credentialHeaders: credentialHeadersOf(identity), calls, mask, addressOf });
}

/** Returns the headers with credentials of plugins or names of a proxy, and `authorization`. */
const credentialHeadersOf = ({ schemes }: Identity): readonly string[] => [
  'authorization',
  ...schemes.flatMap(({ plugin, proxy }) => [plugin?.header, ...Object.values(proxy?.headers ?? {})]).filter(isName),
];

const isName = (name: string | undefined): name is string => name !== undefined;

/** Returns the headers whose credentials are refused if no scheme knows them. */
export const refusedHeaders = ({ schemes }: Identity): readonly string[] => [
  ...new Set(['authorization', ...schemes.map(({ plugin }) => plugin?.header).filter(isName)]),
];

/** Warns of plugins with hooks that are not called. */
export function warnOfUncalledHooks(
  { checks }: Identity,
  plugins: readonly Pick<Plugin, 'id' | 'kind' | 'hooks'>[],
  log: Log,
): void {
  for (const { id: plugin, kind, hooks } of plugins) {
    if (kind !== 'identity' || hooks.size === 0 || checks.some(check => check.plugin === plugin)) continue;
    log.warn({ plugin, hooks: [...hooks] }, 'the hooks of this plugin are not called: it is not in `identity.checks`');
  }
}
