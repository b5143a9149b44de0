import { fail } from '../../core/fault.ts';
import { credentialsOf } from '../../identity/credentials.ts';
import type { Principal } from '../../identity/principal.ts';
import type { ExchangeEntry, TokenEntry } from './auth-entry.ts';
import type { Credential } from './credential.ts';
import { checkSameSubject } from './same-subject.ts';
import { type TokenContext, TokenEndpoint, type TokenRequest, type TokenResponse } from './token-endpoint.ts';
import { credentialOf } from './token-lifetime.ts';

/** A way to get a token for an upstream from an authorization server. */
export interface TokenGrant extends AsyncDisposable {
  readonly isPerCaller: boolean;
  /** Checks what can be checked without a caller. @throws Fault `upstream_auth_…` */
  check(): Promise<void>;
  /** Requests a token. @throws Fault `upstream_auth_…` */
  request(caller: Principal): Promise<Credential>;
}

const grantTypes = {
  exchange: 'urn:ietf:params:oauth:grant-type:token-exchange',
  jwtBearer: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
};
const tokenTypes = 'urn:ietf:params:oauth:token-type:';

/** The gateway's own token (RFC 6749 § 4.4). */
export class ClientCredentialsGrant implements TokenGrant {
  readonly isPerCaller = false;
  readonly #entry: TokenEntry;
  readonly #endpoint: TokenEndpoint;

  constructor(entry: TokenEntry, context: TokenContext) {
    this.#entry = entry;
    this.#endpoint = new TokenEndpoint(entry, context);
  }

  /** The first connection needs a token, so there is nothing more to check. */
  async check(): Promise<void> {}

  async request(): Promise<Credential> {
    const began = Date.now();
    const token = await this.#endpoint.request({ grantType: 'client_credentials', parameters: targetOf(this.#entry) });
    return credentialOf(token, began);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#endpoint[Symbol.asyncDispose]();
  }
}

/**
 * The caller's own token, in exchange for the one that the caller presented (RFC 8693). Where the upstream has an
 * authorization server of its own, the first server issues an assertion for it (RFC 7523; for MCP, Enterprise-Managed
 * Authorization).
 */
export class TokenExchangeGrant implements TokenGrant {
  readonly isPerCaller = true;
  readonly #upstream: string;
  readonly #entry: ExchangeEntry;
  readonly #first: TokenEndpoint;
  readonly #second: TokenEndpoint | undefined;

  constructor(entry: ExchangeEntry, context: TokenContext) {
    this.#upstream = context.upstream;
    this.#entry = entry;
    this.#first = new TokenEndpoint(entry, context);
    this.#second = entry.then_jwt_bearer && new TokenEndpoint(entry.then_jwt_bearer, context);
  }

  async check(): Promise<void> {
    await Promise.all([this.#first.check(), this.#second?.check()]);
  }

  async request(caller: Principal): Promise<Credential> {
    const subject = credentialsOf(caller)?.token;
    if (subject === undefined) return fail('upstream_auth_caller', { upstream: this.#upstream });
    const began = Date.now();
    const issued = await this.#exchange(subject);
    checkSameSubject(this.#upstream, subject, issued.access_token, this.#entry.same_claim);
    if (this.#second === undefined) return credentialOf(issued, began);
    const assertion = issued.access_token;
    const token = await this.#second.request({
      grantType: grantTypes.jwtBearer,
      parameters: [['assertion', assertion], ...targetOf(this.#entry.then_jwt_bearer)],
      secrets: [assertion],
    });
    // It has the subject of the assertion, if it is a token of the same issuer.
    checkSameSubject(this.#upstream, assertion, token.access_token);
    return credentialOf(token, began);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.#first[Symbol.asyncDispose](), this.#second?.[Symbol.asyncDispose]()]);
  }

  async #exchange(subject: string): Promise<TokenResponse> {
    const { subject_token_type, then_jwt_bearer } = this.#entry;
    const isAssertion = then_jwt_bearer !== undefined;
    const requested = this.#entry.requested_token_type ?? (isAssertion ? `${tokenTypes}id-jag` : undefined);
    const request: TokenRequest = {
      grantType: grantTypes.exchange,
      parameters: [
        ['subject_token', subject],
        ['subject_token_type', subject_token_type],
        ...(requested === undefined ? [] : [['requested_token_type', requested] as const]),
        ...targetOf(this.#entry),
      ],
      secrets: [subject],
      // An assertion is no access token, and has the type N_A (RFC 8693 § 2.2.1).
      otherTypes: isAssertion ? ['n_a'] : [],
    };
    const issued = await this.#first.request(request);
    this.#checkType(issued, requested, subject);
    return issued;
  }

  /** Refuses a token of another kind, such as a refresh token, and the caller's own token. */
  #checkType(
    { access_token, issued_token_type: issued }: TokenResponse,
    requested: string | undefined,
    subject: string,
  ) {
    const upstream = this.#upstream;
    if (access_token === subject) {
      const hint = 'the authorization server answered with the caller’s own token, which is never passed on';
      fail('upstream_auth_failed', { upstream, hint });
    }
    const accepted = requested === undefined ? ['access_token', 'jwt'].map(type => tokenTypes + type) : [requested];
    if (issued === undefined || accepted.includes(String(issued))) return;
    const hint = `the authorization server issued a token of type ${String(issued).slice(0, 100)}, and not ${accepted.join(' or ')}`;
    fail('upstream_auth_failed', { upstream, hint });
  }
}

/** Returns the parameters that say what a token is for (RFC 8707, RFC 8693 § 2.1). */
export function targetOf(
  entry: Partial<Pick<TokenEntry, 'scopes' | 'audience' | 'resource'>> | undefined,
): readonly (readonly [string, string])[] {
  const { scopes = [], audience, resource } = entry ?? {};
  return [
    ...(scopes.length === 0 ? [] : [['scope', scopes.join(' ')] as const]),
    ...(audience === undefined ? [] : [['audience', audience] as const]),
    ...(resource === undefined ? [] : [['resource', resource] as const]),
  ];
}
