import { Fault, fail } from '../../core/fault.ts';
import type { MaybePromise } from '../../core/maybe-promise.ts';
import { type Principal, principalKey } from '../../identity/principal.ts';
import { UrlElicitationRequired } from '../../mcp/url-elicitation.ts';
import type { AccountGrant, AccountOwner, StoredGrant } from '../../state/account/account-store.ts';
import {
  type AccountConnection,
  type Accounts,
  type AccountTerms,
  type BegunAuthorization,
  beginAuthorization,
  checkedResponse,
} from './account-connection.ts';
import type { AccountEntry } from './auth-entry.ts';
import { type CallerAuth, Credential, type UpstreamAuth } from './credential.ts';
import { type TokenContext, TokenEndpoint, type TokenResponse } from './token-endpoint.ts';
import { targetOf } from './token-grants.ts';
import { credentialOf } from './token-lifetime.ts';

/** Milliseconds for which a grant is used without a look at the store, where it may have been revoked. */
const trustedMs = 5_000;
/** Milliseconds for which a failure to refresh answers further requests, and between two refreshes after a rejection. */
const failedMs = 2_000;
/** Milliseconds after which an upstream can be reached with an account that was connected, if it can be reached at all. */
const newMs = 10_000;
/** The number of accounts that are remembered. */
const most = 10_000;

/** The accounts that users have connected at one upstream. */
export class AccountAuth implements UpstreamAuth, AccountConnection {
  readonly isPerCaller = true;
  readonly place: string;
  readonly #upstream: string;
  readonly #entry: AccountEntry;
  readonly #isHeader: boolean;
  readonly #endpoint: TokenEndpoint;
  readonly #accounts: Accounts;
  readonly #known = new Map<string, Account>();

  constructor(entry: AccountEntry, env: string | undefined, context: TokenContext, accounts: Accounts) {
    this.#upstream = context.upstream;
    this.#entry = entry;
    this.#isHeader = env === undefined;
    this.place = env ?? 'authorization';
    this.#endpoint = new TokenEndpoint(entry, context);
    this.#accounts = accounts;
    accounts.offer(context.upstream, this);
  }

  async check(): Promise<void> {
    const { authorization_endpoint: endpoint } = await this.#endpoint.server();
    if (endpoint === undefined) this.#unavailable('its metadata names no authorization endpoint with TLS');
  }

  for(caller: Principal): CallerAuth {
    const { isPerCaller, place } = this;
    return new CallerAccount(caller, { isPerCaller, place }, this.#isHeader, of => this.#account(of));
  }

  async terms(): Promise<AccountTerms> {
    const { authorization_endpoint: endpoint = '' } = await this.#endpoint.server();
    return { server: URL.parse(endpoint)?.origin ?? '', scopes: this.#entry.scopes };
  }

  async begin(redirectUri: string): Promise<BegunAuthorization> {
    const { client_id, authorization_parameters: further } = this.#entry;
    const server = await this.#endpoint.server();
    const parameters = [...Object.entries(further), ...targetOf(this.#entry)];
    try {
      return await beginAuthorization({ server, client: { client_id }, redirectUri, parameters });
    } catch (error) {
      return this.#unavailable(error instanceof Error ? error.message : String(error));
    }
  }

  async finish(begun: BegunAuthorization, response: URLSearchParams, user: Principal): Promise<void> {
    const code = checkedResponse(begun, response).get('code') ?? fail('connect_failed', { reason: 'response' });
    const { verifier, redirectUri } = begun;
    const began = Date.now();
    const token = await this.#endpoint.request({
      grantType: 'authorization_code',
      parameters: [
        ...[['code', code] as const, ['redirect_uri', redirectUri] as const, ['code_verifier', verifier] as const],
        ...resourceOf(this.#entry),
      ],
      secrets: [code, verifier],
    });
    const owner = { upstream: this.#upstream, principal: principalKey(user) };
    const grant = grantOf(token, { registration: this.#endpoint.registration, began, scopes: this.#entry.scopes });
    this.#account(user).keep(await this.#accounts.store.save(owner, grant));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#endpoint[Symbol.asyncDispose]();
  }

  /** Returns the account of a caller, one for all requests: concurrent ones share a refresh. */
  #account(caller: Principal): Account {
    const principal = principalKey(caller);
    const known =
      this.#known.get(principal) ??
      new Account({
        owner: { upstream: this.#upstream, principal },
        ...{ endpoint: this.#endpoint, entry: this.#entry, store: this.#accounts.store },
        missing: () => this.#missing(caller),
      });
    this.#known.delete(principal);
    this.#known.set(principal, known);
    if (this.#known.size > most) this.#forgetOldest();
    return known;
  }

  #forgetOldest(): void {
    for (const [oldest, account] of this.#known) {
      if (account.isBusy) continue;
      this.#known.delete(oldest);
      return;
    }
  }

  #missing(caller: Principal): Fault {
    const upstream = this.#upstream;
    const elicitation = this.#accounts.link(upstream, caller);
    return new Fault('upstream_account_needed', { upstream }, new UrlElicitationRequired(elicitation));
  }

  #unavailable(why: string): never {
    const hint = `the authorization server cannot be used: ${why}`;
    return fail('upstream_auth_unavailable', { upstream: this.#upstream, hint });
  }
}

/** The account of one caller's connections. */
class CallerAccount implements CallerAuth {
  readonly isPerCaller: boolean;
  readonly place: string;
  readonly #isHeader: boolean;
  readonly #accountOf: (caller: Principal) => Account;
  #latest: Principal;

  constructor(
    caller: Principal,
    { isPerCaller, place }: Pick<CallerAuth, 'isPerCaller' | 'place'>,
    isHeader: boolean,
    accountOf: (caller: Principal) => Account,
  ) {
    this.isPerCaller = isPerCaller;
    this.place = place;
    this.#isHeader = isHeader;
    this.#latest = caller;
    this.#accountOf = accountOf;
  }

  get awaitsAccount(): boolean {
    return this.#accountOf(this.#latest).isAwaited;
  }

  written({ value }: Credential): string {
    return this.#isHeader ? `Bearer ${value}` : value;
  }

  current(caller = this.#latest): MaybePromise<Credential> {
    this.#latest = caller;
    return this.#accountOf(caller).current();
  }

  use(caller: Principal): void {
    this.#latest = caller;
  }

  renew(rejected: Credential, caller = this.#latest): Promise<Credential | undefined> {
    return this.#accountOf(caller).renew(rejected);
  }
}

interface AccountOptions {
  readonly owner: AccountOwner;
  readonly endpoint: TokenEndpoint;
  readonly entry: AccountEntry;
  readonly store: Accounts['store'];
  /** Makes the fault of requests while the user has not connected the account. */
  missing(): Fault;
}

interface Held {
  readonly stored: StoredGrant;
  readonly credential: Credential;
  /** When the store was looked at. */
  readonly at: number;
}

/** The account of one user at one upstream. */
class Account {
  readonly #options: AccountOptions;
  #held: Held | undefined;
  #pending: Promise<Credential> | undefined;
  #failure: { readonly until: number; readonly reason: unknown } | undefined;
  #renewedAt = 0;
  #isMissing = true;
  /** When it was found after it had been missing, in milliseconds since the epoch. */
  #foundAt = 0;

  constructor(options: AccountOptions) {
    this.#options = options;
  }

  get isBusy(): boolean {
    return this.#pending !== undefined;
  }

  /** Whether the user had not connected it at the latest look, there was no look yet, or it was connected a moment ago. */
  get isAwaited(): boolean {
    return this.#isMissing || Date.now() < this.#foundAt + newMs;
  }

  /** Takes over what the store has. */
  keep(stored: StoredGrant): Credential {
    const { accessToken, ...times } = stored.grant;
    const isSame = this.#held?.credential.value === accessToken;
    const credential = isSame && this.#held ? this.#held.credential : new Credential(accessToken, times);
    this.#held = { stored, credential, at: Date.now() };
    this.#failure = undefined;
    this.#found();
    return credential;
  }

  current(): MaybePromise<Credential> {
    const held = this.#held;
    const now = Date.now();
    if (held !== undefined && now < held.credential.staleAt && now < held.at + trustedMs) return held.credential;
    this.#pending ??= this.#load().finally(() => {
      this.#pending = undefined;
    });
    return this.#pending;
  }

  /** Returns another credential than the rejected one; undefined if one was requested just now for the same reason. */
  async renew(rejected: Credential): Promise<Credential | undefined> {
    const current = await this.current();
    if (current.value !== rejected.value) return current;
    if (Date.now() < this.#renewedAt + failedMs) return undefined;
    this.#renewedAt = Date.now();
    const { stored } = this.#held ?? {};
    if (stored === undefined) return undefined;
    // Without a refresh token nothing but the user can replace it.
    if (stored.grant.refreshToken === undefined) return this.#forget(stored);
    this.#pending ??= this.#refresh(stored).finally(() => {
      this.#pending = undefined;
    });
    return this.#pending;
  }

  async #load(): Promise<Credential> {
    const { store, owner, endpoint } = this.#options;
    const stored = await store.find(owner);
    if (stored === undefined || stored.grant.server !== endpoint.registration) {
      this.#held = undefined;
      this.#isMissing = true;
      throw this.#options.missing();
    }
    this.#found();
    const { staleAt = Number.POSITIVE_INFINITY, expiresAt = Number.POSITIVE_INFINITY } = stored.grant;
    const now = Date.now();
    if (now < staleAt) return this.keep(stored);
    if (stored.grant.refreshToken === undefined) return this.#forget(stored);
    const usable = now < expiresAt;
    if (this.#failure !== undefined && now < this.#failure.until) {
      if (usable) return new Credential(stored.grant.accessToken, stored.grant);
      throw this.#failure.reason;
    }
    try {
      return await this.#refresh(stored);
    } catch (reason) {
      if (this.#isMissing) throw reason;
      this.#failure = { until: Date.now() + failedMs, reason };
      if (!usable) throw reason;
      return new Credential(stored.grant.accessToken, stored.grant);
    }
  }

  #found(): void {
    if (this.#isMissing) this.#foundAt = Date.now();
    this.#isMissing = false;
  }

  /** Gets a new access token, and stores it with the refresh token that replaces the one that was used. */
  async #refresh(stored: StoredGrant): Promise<Credential> {
    const { endpoint, entry, store, owner } = this.#options;
    const { refreshToken = '', scopes, connectedAt } = stored.grant;
    const began = Date.now();
    let token: TokenResponse;
    try {
      token = await endpoint.request({
        grantType: 'refresh_token',
        parameters: [['refresh_token', refreshToken], ...resourceOf(entry)],
        secrets: [refreshToken],
      });
    } catch (reason) {
      if (!(reason instanceof Fault) || reason.details.error !== 'invalid_grant') throw reason;
      return this.#forget(stored);
    }
    const fresh = grantOf(
      { refresh_token: refreshToken, ...defined(token) },
      { registration: endpoint.registration, began, scopes },
    );
    const replaced = await store.replace(owner, stored, { ...fresh, connectedAt });
    return replaced === undefined ? this.#reload() : this.keep(replaced);
  }

  /** Forgets a grant that is worth nothing any more. */
  async #forget(stored: StoredGrant): Promise<Credential> {
    const { store, owner } = this.#options;
    await store.forget(owner, stored);
    return this.#reload();
  }

  /** Uses what another process, or the user in a browser, has stored meanwhile. */
  #reload(): Promise<Credential> {
    this.#held = undefined;
    return this.#load();
  }
}

interface GrantedBy {
  readonly registration: string;
  readonly began: number;
  /** The scopes that were requested; a server that grants other ones states them. */
  readonly scopes: readonly string[];
}

function grantOf(token: TokenResponse, { registration, began, scopes }: GrantedBy): AccountGrant {
  const { staleAt, expiresAt } = credentialOf(token, began);
  const { access_token: accessToken, refresh_token: refreshToken, scope } = token;
  const canBeReplaced = refreshToken !== undefined;
  return {
    ...{ accessToken, server: registration, connectedAt: began },
    ...(canBeReplaced && { refreshToken }),
    ...(Number.isFinite(expiresAt) && { expiresAt }),
    // A token that cannot be replaced is used to its end.
    ...(Number.isFinite(canBeReplaced ? staleAt : expiresAt) && { staleAt: canBeReplaced ? staleAt : expiresAt }),
    scopes: scope === undefined ? scopes : scope.split(' ').filter(each => each !== ''),
  };
}

const resourceOf = ({ resource }: AccountEntry) => (resource === undefined ? [] : [['resource', resource] as const]);

/** Returns the response without members that are undefined, which would hide others. */
const defined = (token: TokenResponse): TokenResponse =>
  Object.fromEntries(Object.entries(token).filter(([, value]) => value !== undefined)) as unknown as TokenResponse;
