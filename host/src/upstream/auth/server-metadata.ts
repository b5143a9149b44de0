import * as oauth from 'oauth4webapi';
import { NoResponse, type TokenFetch } from './token-fetch.ts';

/** Milliseconds for which the metadata of a server is used. */
const metadataMs = 3_600_000;

/** Endpoints that are left out where they have no TLS: not every use of a server needs them. */
const optional = ['authorization_endpoint', 'revocation_endpoint', 'jwks_uri'] as const;

/** The metadata of an authorization server: of OAuth (RFC 8414), or else of OpenID Connect. It is read when it is needed. */
export class ServerMetadata {
  readonly #issuer: URL;
  readonly #fetch: TokenFetch;
  #known: { readonly at: number; readonly server: Promise<oauth.AuthorizationServer> } | undefined;

  constructor(issuer: URL, fetch: TokenFetch) {
    this.#issuer = issuer;
    this.#fetch = fetch;
  }

  /** @throws Error that says why it cannot be used; NoResponse */
  read(): Promise<oauth.AuthorizationServer> {
    const known = this.#known;
    if (known !== undefined && Date.now() < known.at + metadataMs) return known.server;
    const found = { at: Date.now(), server: this.#discover() };
    this.#known = found;
    found.server.catch(() => {
      if (this.#known === found) this.#known = undefined;
    });
    return found.server;
  }

  async #discover(): Promise<oauth.AuthorizationServer> {
    const server = await this.#request();
    const endpoint = URL.parse(server.token_endpoint ?? '');
    if (endpoint === null) throw new Error('its metadata names no token endpoint');
    if (!this.#fetch.isProtected(endpoint)) throw new Error('its metadata names a token endpoint without TLS');
    const isUnusable = (url: string | undefined) => !this.#fetch.isProtected(URL.parse(url ?? '') ?? new URL('none:'));
    return {
      ...server,
      ...Object.fromEntries(optional.filter(name => isUnusable(server[name])).map(name => [name, undefined])),
    };
  }

  async #request(): Promise<oauth.AuthorizationServer> {
    const read = async (algorithm: 'oauth2' | 'oidc') =>
      oauth.processDiscoveryResponse(
        this.#issuer,
        await oauth.discoveryRequest(this.#issuer, { ...this.#fetch.options, algorithm }),
      );
    try {
      return await read('oauth2');
    } catch (error) {
      if (error instanceof NoResponse) throw error;
      return read('oidc');
    }
  }
}
