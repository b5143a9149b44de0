import * as oauth from 'oauth4webapi';
import { cut } from '../../core/cut.ts';
import { Fault, fail } from '../../core/fault.ts';
import { SecretMask } from '../../core/secret-mask.ts';
import { visible } from '../../core/visible.ts';
import type { ServerEntry } from './auth-entry.ts';
import { ServerMetadata } from './server-metadata.ts';
import { TokenFetch } from './token-fetch.ts';

/** What all token endpoints of one upstream need. */
export interface TokenContext {
  readonly upstream: string;
  /** Reads a secret of the configuration now; undefined when it cannot be read. */
  readonly secret: (name: string, tenant?: string) => string | undefined;
  /** Whether tenants have values of their own of a secret; none when absent. */
  readonly isPerTenant?: ((name: string) => boolean) | undefined;
  /** Milliseconds that one request may take. */
  readonly timeoutMs: number;
}

/** The response of a token endpoint (RFC 6749 § 5.1). */
export interface TokenResponse {
  readonly access_token: string;
  readonly token_type: string;
  readonly expires_in?: number | undefined;
  readonly issued_token_type?: unknown;
  readonly refresh_token?: string | undefined;
  /** The scopes of the token, separated by spaces, if the server states them. */
  readonly scope?: string | undefined;
}

export interface TokenRequest {
  readonly grantType: string;
  readonly parameters: readonly (readonly [name: string, value: string])[];
  /** Secrets of the request beside the client's, which an error must not repeat. */
  readonly secrets?: readonly string[];
  /** Token types that are accepted besides `Bearer`, in lower case. */
  readonly otherTypes?: readonly string[];
}

/** The token endpoint of one authorization server, for one upstream. */
export class TokenEndpoint implements AsyncDisposable {
  readonly #upstream: string;
  readonly #entry: ServerEntry;
  readonly #secret: TokenContext['secret'];
  readonly #fetch: TokenFetch;
  readonly #metadata: ServerMetadata | undefined;

  constructor(entry: ServerEntry, { upstream, secret, timeoutMs }: TokenContext) {
    this.#upstream = upstream;
    this.#entry = entry;
    this.#secret = secret;
    const { token_url, issuer, authorization_url, revocation_url } = entry;
    const named = [token_url, issuer, authorization_url, revocation_url].filter(url => url !== undefined);
    this.#fetch = new TokenFetch(upstream, named, timeoutMs);
    this.#metadata = issuer === undefined ? undefined : new ServerMetadata(new URL(issuer), this.#fetch);
  }

  /** Finds the endpoint. @throws Fault `upstream_auth_unavailable` */
  async check(): Promise<void> {
    await this.server();
  }

  get registration(): string {
    return registrationOf(this.#entry);
  }

  /** Returns the metadata of the server, or what the configuration states in its place. @throws Fault `upstream_auth_unavailable` */
  async server(): Promise<oauth.AuthorizationServer> {
    const { token_url, authorization_url, revocation_url } = this.#entry;
    if (this.#metadata === undefined) {
      const token_endpoint = token_url ?? '';
      return {
        ...{ issuer: new URL(token_endpoint).origin, token_endpoint },
        ...(authorization_url !== undefined && { authorization_endpoint: authorization_url }),
        ...(revocation_url !== undefined && { revocation_endpoint: revocation_url }),
      };
    }
    try {
      return await this.#metadata.read();
    } catch (error) {
      throw this.#faultOf(error, new SecretMask());
    }
  }

  /** Requests a token. @throws Fault `upstream_auth_failed`, `upstream_auth_unavailable` */
  async request({ grantType, parameters, secrets = [], otherTypes = [] }: TokenRequest): Promise<TokenResponse> {
    const server = await this.server();
    const { parameters: further } = this.#entry;
    const { client, auth, mask } = this.#client(secrets);
    try {
      const response = await oauth.genericTokenEndpointRequest(
        server,
        client,
        auth,
        grantType,
        new URLSearchParams([
          ...Object.entries(further),
          ...parameters.map(([name, value]): [string, string] => [name, value]),
        ]),
        this.#fetch.options,
      );
      const recognizedTokenTypes = Object.fromEntries(otherTypes.map(type => [type, () => {}]));
      const token = await oauth.processGenericTokenEndpointResponse(server, client, await readable(response), {
        recognizedTokenTypes,
      });
      return usable(token, otherTypes);
    } catch (error) {
      throw this.#faultOf(error, mask);
    }
  }

  /**
   * Revokes a token at the server (RFC 7009). Returns false if it has no endpoint for that.
   * @throws Fault `upstream_auth_failed`, `upstream_auth_unavailable`
   */
  async revoke(token: string): Promise<boolean> {
    const server = await this.server();
    if (server.revocation_endpoint === undefined) return false;
    const { client, auth, mask } = this.#client([token]);
    try {
      await oauth.processRevocationResponse(
        await oauth.revocationRequest(server, client, auth, token, this.#fetch.options),
      );
      return true;
    } catch (error) {
      throw this.#faultOf(error, mask);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#fetch[Symbol.asyncDispose]();
  }

  /** Returns the gateway as a client of the server, and what hides the secrets of a request. */
  #client(secrets: readonly string[]) {
    const { client_id, client_secret, client_auth } = this.#entry;
    const secret = client_secret === undefined ? undefined : this.#readSecret(client_secret);
    const mask = new SecretMask();
    for (const each of [secret, ...secrets]) if (each !== undefined) mask.learn(each);
    return { client: { client_id }, auth: clientAuth(secret, client_auth), mask };
  }

  #readSecret(name: string): string {
    const hint = `the secret ${name} cannot be read now`;
    return this.#secret(name) ?? fail('upstream_auth_failed', { upstream: this.#upstream, hint });
  }

  /** Converts what the library throws. The text of a server is bounded, and cannot contain a secret of the request. */
  #faultOf(error: unknown, mask: SecretMask): Fault {
    if (error instanceof Fault) return error;
    const about = {
      upstream: this.#upstream,
      server: new URL(this.#entry.token_url ?? this.#entry.issuer ?? '').origin,
    };
    const shown = (text: string) => visible(cut(mask.text(text), 300));
    if (error instanceof oauth.ResponseBodyError) {
      const { error: code, error_description: description, status } = error;
      const hint = `the authorization server answered ${shown(code)}${description === undefined ? '' : `: ${shown(description)}`}`;
      const isServers = status >= 500 || status === 429;
      const details = { ...about, status, error: shown(code), hint };
      return new Fault(isServers ? 'upstream_auth_unavailable' : 'upstream_auth_failed', details);
    }
    const status = statusIn(error);
    const why = error instanceof Error ? error.message : String(error);
    const hint =
      status === undefined
        ? `the authorization server's response cannot be used: ${shown(why)}`
        : `the authorization server answered with HTTP status ${status}`;
    return new Fault('upstream_auth_unavailable', { ...about, ...(status !== undefined && { status }), hint });
  }
}

/** Returns a text that identifies an authorization server and the gateway's registration with it. */
export const registrationOf = ({ issuer, token_url, client_id }: ServerEntry): string =>
  JSON.stringify([issuer ?? token_url, client_id]);

/** Returns how the gateway authenticates as a client. */
export function clientAuth(secret: string | undefined, how: ServerEntry['client_auth']): oauth.ClientAuth {
  if (secret === undefined) return oauth.None();
  if (how === 'post') return oauth.ClientSecretPost(secret);
  return (_server, { client_id }, _body, headers) => {
    const pair = `${formEncoded(client_id)}:${formEncoded(secret)}`;
    headers.set('authorization', `Basic ${Buffer.from(pair).toString('base64')}`);
  };
}

/**
 * Encodes a text as HTML forms do (RFC 6749 § 2.3.1). The library also encodes hyphens and underscores, which servers
 * that do not decode them would take for another secret.
 */
const formEncoded = (text: string): string => new URLSearchParams([['', text]]).toString().slice(1);

/**
 * Returns a response without an ID token, which is not used and therefore not verified, and without a challenge, which
 * the library would report instead of the error in the body.
 */
async function readable(response: Response): Promise<Response> {
  const { status } = response;
  const headers = new Headers(response.headers);
  headers.delete('www-authenticate');
  const text = await response.text();
  const again = (body: string) => new Response(body === '' ? null : body, { status, headers });
  try {
    const body: unknown = JSON.parse(text);
    if (typeof body !== 'object' || body === null || Array.isArray(body)) return again(text);
    return again(JSON.stringify({ ...body, id_token: undefined }));
  } catch {
    return again(text);
  }
}

/** @throws Error if it is not a token that is sent as it is */
function usable(token: oauth.TokenEndpointResponse, otherTypes: readonly string[]): TokenResponse {
  const { access_token, token_type, expires_in, refresh_token, scope } = token;
  if (token_type !== 'bearer' && !otherTypes.includes(token_type)) {
    throw new Error(`the token's type is ${token_type}, and only Bearer is supported`);
  }
  if (!/^[\x21-\x7e]+$/.test(access_token)) throw new Error('the token has characters that cannot be sent in a header');
  return { access_token, token_type, expires_in, issued_token_type: token.issued_token_type, refresh_token, scope };
}

/** Returns the HTTP status of a response that is not one of OAuth, such as a redirect or an error page. */
function statusIn(error: unknown): number | undefined {
  const cause = error instanceof Error ? error.cause : undefined;
  const response = cause instanceof Response ? cause : undefined;
  return response !== undefined && response.status !== 200 ? response.status : undefined;
}
