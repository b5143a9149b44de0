import * as oauth from 'oauth4webapi';
import { Fault, fail } from '../../core/fault.ts';
import type { Principal } from '../../identity/principal.ts';
import type { UrlElicitation } from '../../mcp/url-elicitation.ts';
import type { AccountStore } from '../../state/account/account-store.ts';

/** What the user is asked to agree to, for the page that asks. */
export interface AccountTerms {
  /** The origin of the upstream's authorization server. */
  readonly server: string;
  readonly scopes: readonly string[];
}

/** An authorization request that was begun in a browser. It is valid for one response. */
export interface BegunAuthorization {
  /** Where the browser is sent. */
  readonly url: URL;
  readonly state: string;
  readonly verifier: string;
  readonly redirectUri: string;
  readonly server: oauth.AuthorizationServer;
  readonly client: oauth.Client;
}

/** An upstream at which users connect accounts of their own. */
export interface AccountConnection {
  terms(): Promise<AccountTerms>;
  /** Begins an authorization request. @throws Fault `upstream_auth_unavailable` */
  begin(redirectUri: string): Promise<BegunAuthorization>;
  /**
   * Exchanges the code of an authorization response, and stores what the user has granted.
   * @throws Fault `connect_failed`, `upstream_auth_…`
   */
  finish(begun: BegunAuthorization, response: URLSearchParams, user: Principal): Promise<void>;
}

/** Where users can connect accounts, and where they are kept. */
export interface Accounts {
  readonly store: AccountStore;
  /** Makes an upstream one at which users can connect accounts. */
  offer(upstream: string, connection: AccountConnection): void;
  /**
   * Returns the link at which a caller can connect an account. It is for this caller alone.
   * @throws Fault `upstream_auth_caller` if the caller cannot sign in with a browser
   */
  link(upstream: string, caller: Principal): UrlElicitation;
}

/** An authorization request of the code flow. */
export interface AuthorizationRequest {
  readonly server: oauth.AuthorizationServer;
  readonly client: oauth.Client;
  readonly redirectUri: string;
  readonly parameters: readonly (readonly [name: string, value: string])[];
}

/**
 * Begins an authorization request with a state and PKCE (RFC 6749 § 4.1, RFC 7636).
 * @throws Error if the server has no authorization endpoint
 */
export async function beginAuthorization(request: AuthorizationRequest): Promise<BegunAuthorization> {
  const { server, client, redirectUri, parameters } = request;
  const endpoint = URL.parse(server.authorization_endpoint ?? '');
  if (endpoint === null) throw new Error('its metadata names no authorization endpoint with TLS');
  const state = oauth.generateRandomState();
  const verifier = oauth.generateRandomCodeVerifier();
  const own = {
    ...{ response_type: 'code', client_id: client.client_id, redirect_uri: redirectUri, state },
    ...{ code_challenge: await oauth.calculatePKCECodeChallenge(verifier), code_challenge_method: 'S256' },
  };
  for (const [name, value] of parameters) endpoint.searchParams.append(name, value);
  for (const [name, value] of Object.entries(own)) endpoint.searchParams.set(name, value);
  return { url: endpoint, state, verifier, redirectUri, server, client };
}

/**
 * Returns the parameters of a response that belongs to the request: its state, and its issuer if the server states that
 * (RFC 9207).
 * @throws Fault `connect_failed`
 */
export function checkedResponse(
  { server, client, state }: BegunAuthorization,
  response: URLSearchParams,
): URLSearchParams {
  try {
    return oauth.validateAuthResponse(server, client, response, state);
  } catch (error) {
    if (!(error instanceof oauth.AuthorizationResponseError))
      return fail('connect_failed', { reason: 'response' }, error);
    const isDenied = error.error === 'access_denied';
    throw new Fault('connect_failed', { reason: isDenied ? 'denied' : 'refused', error: error.error.slice(0, 100) });
  }
}
