import { fail } from '../../core/fault.ts';
import type { MaybePromise } from '../../core/maybe-promise.ts';
import { type Principal, principalKey } from '../../identity/principal.ts';
import { AccountAuth } from './account-auth.ts';
import type { Accounts } from './account-connection.ts';
import type { AuthEntry } from './auth-entry.ts';
import type { CallerAuth, Credential, UpstreamAuth } from './credential.ts';
import { StaticAuth } from './static-auth.ts';
import { TokenCache } from './token-cache.ts';
import type { TokenContext } from './token-endpoint.ts';
import { ClientCredentialsGrant, TokenExchangeGrant, type TokenGrant } from './token-grants.ts';

/**
 * Returns a text that is equal for two requests exactly if they get the same credentials: those of one caller with the
 * same scopes. A token with fewer scopes must not lead to what was issued for one with more.
 */
export const callerKey = (caller: Principal): string => JSON.stringify([principalKey(caller), caller.scopes]);

/**
 * Creates the credentials of one upstream.
 * @param accounts where users connect accounts, if they can
 */
export function createUpstreamAuth(entry: AuthEntry, context: TokenContext, accounts?: Accounts): UpstreamAuth {
  if (entry.static !== undefined) return new StaticAuth(entry.static, entry.env, context);
  if (entry.authorization_code !== undefined) {
    if (accounts === undefined) return fail('accounts_unusable', { upstream: context.upstream });
    return new AccountAuth(entry.authorization_code, entry.env, context, accounts);
  }
  const grant =
    entry.token_exchange === undefined
      ? new ClientCredentialsGrant(entry.client_credentials, context)
      : new TokenExchangeGrant(entry.token_exchange, context);
  return new TokenAuth(grant, entry.env);
}

/** Tokens of an authorization server. */
class TokenAuth implements UpstreamAuth {
  readonly place: string;
  readonly isHeader: boolean;
  readonly #grant: TokenGrant;
  readonly #cache = new TokenCache();

  constructor(grant: TokenGrant, env: string | undefined) {
    this.#grant = grant;
    this.isHeader = env === undefined;
    this.place = env ?? 'authorization';
  }

  get isPerCaller(): boolean {
    return this.#grant.isPerCaller;
  }

  check(): Promise<void> {
    return this.#grant.check();
  }

  for(caller: Principal): CallerAuth {
    return new CallerTokens(caller, this, this.#grant, this.#cache);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#grant[Symbol.asyncDispose]();
  }
}

/** The tokens of one caller, or of the gateway. Each request may bring another token to exchange. */
class CallerTokens implements CallerAuth {
  readonly isPerCaller: boolean;
  readonly place: string;
  readonly #isHeader: boolean;
  readonly #grant: TokenGrant;
  readonly #cache: TokenCache;
  #latest: Principal;

  constructor(
    caller: Principal,
    { isPerCaller, place, isHeader }: Pick<TokenAuth, 'isPerCaller' | 'place' | 'isHeader'>,
    grant: TokenGrant,
    cache: TokenCache,
  ) {
    this.isPerCaller = isPerCaller;
    this.place = place;
    this.#isHeader = isHeader;
    this.#latest = caller;
    this.#grant = grant;
    this.#cache = cache;
  }

  written({ value }: Credential): string {
    return this.#isHeader ? `Bearer ${value}` : value;
  }

  current(caller = this.#latest): MaybePromise<Credential> {
    this.#latest = caller;
    return this.#cache.get(this.#keyOf(caller), () => this.#grant.request(caller));
  }

  use(caller: Principal): void {
    this.#latest = caller;
  }

  renew(rejected: Credential, caller = this.#latest): Promise<Credential | undefined> {
    return this.#cache.renew(this.#keyOf(caller), rejected, () => this.#grant.request(caller));
  }

  #keyOf(caller: Principal): string {
    return this.#grant.isPerCaller ? callerKey(caller) : '';
  }
}
