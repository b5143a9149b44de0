import * as oauth from 'oauth4webapi';
import { Fault, fail } from '../core/fault.ts';
import type { JsonObject } from '../core/json.ts';
import { type ClaimPlaces, claimedPrincipal } from '../identity/oauth/claims.ts';
import type { Principal } from '../identity/principal.ts';
import { type BegunAuthorization, beginAuthorization, checkedResponse } from '../upstream/auth/account-connection.ts';
import { ServerMetadata } from '../upstream/auth/server-metadata.ts';
import { clientAuth } from '../upstream/auth/token-endpoint.ts';
import { TokenFetch } from '../upstream/auth/token-fetch.ts';

export interface SignInOptions {
  /** The id of the scheme whose users sign in. */
  readonly scheme: string;
  readonly issuer: string;
  readonly client_id: string;
  readonly client_auth: 'basic' | 'post';
  readonly scopes: readonly string[];
  /** Where an ID token has what identifies the user to the scheme. */
  readonly claims: ClaimPlaces;
  /** Reads the client secret now; undefined for a public client, or when it cannot be read. */
  readonly secret: () => string | undefined;
  readonly timeoutMs: number;
}

export interface BegunSignIn extends BegunAuthorization {
  readonly nonce: string;
}

/**
 * Signs users in with a browser, at the provider whose access tokens a scheme accepts (OpenID Connect Core § 3.1). The
 * result is the same principal as for an access token of that user.
 */
export class SignIn implements AsyncDisposable {
  readonly #options: SignInOptions;
  readonly #fetch: TokenFetch;
  readonly #metadata: ServerMetadata;

  constructor(options: SignInOptions) {
    this.#options = options;
    this.#fetch = new TokenFetch(options.scheme, [options.issuer], options.timeoutMs);
    this.#metadata = new ServerMetadata(new URL(options.issuer), this.#fetch);
  }

  /**
   * Begins a sign-in.
   * @param asksAgain whether the provider asks the user to sign in although a user is signed in with the browser
   * @throws Fault `connect_failed`
   */
  async begin(redirectUri: string, asksAgain: boolean): Promise<BegunSignIn> {
    const { client_id, scopes } = this.#options;
    const nonce = oauth.generateRandomNonce();
    const parameters = [
      ...[['scope', scopes.join(' ')] as const, ['nonce', nonce] as const],
      ...(asksAgain ? [['prompt', 'login'] as const] : []),
    ];
    try {
      const server = await this.#metadata.read();
      return { ...(await beginAuthorization({ server, client: { client_id }, redirectUri, parameters })), nonce };
    } catch (error) {
      throw this.#failed(error);
    }
  }

  /** Returns the user who has signed in. @throws Fault `connect_failed` */
  async finish(begun: BegunSignIn, response: URLSearchParams): Promise<Principal> {
    const { server, client, redirectUri, verifier, nonce } = begun;
    const { client_auth, scheme, claims: places } = this.#options;
    const parameters = checkedResponse(begun, response);
    try {
      const auth = clientAuth(this.#options.secret(), client_auth);
      const answer = await oauth.authorizationCodeGrantRequest(
        ...([server, client, auth, parameters, redirectUri, verifier, this.#fetch.options] as const),
      );
      const rules = { expectedNonce: nonce, requireIdToken: true };
      const token = await oauth.processAuthorizationCodeResponse(server, client, answer, rules);
      await oauth.validateApplicationLevelSignature(server, answer, this.#fetch.options);
      const claims = oauth.getValidatedIdTokenClaims(token) ?? fail('connect_failed', { reason: 'sign_in' });
      return claimedPrincipal(scheme, claims as JsonObject, places);
    } catch (error) {
      throw this.#failed(error);
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#fetch[Symbol.asyncDispose]();
  }

  #failed(error: unknown): Fault {
    if (error instanceof Fault) return error;
    const { scheme, issuer } = this.#options;
    return new Fault('connect_failed', { reason: 'sign_in', scheme, server: new URL(issuer).origin }, error);
  }
}
