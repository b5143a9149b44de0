import { z } from 'zod';
import { fail } from '../../core/fault.ts';
import { readBounded } from '../read-verified-body.ts';
import type { Challenge } from './challenge.ts';
import type { Credential } from './find-login.ts';
import { type AddressPolicy, isTrustedRealm } from './registry-address.ts';
import { registryFetch } from './registry-fetch.ts';
import { isTransientStatus, retryAfterMs, Transient } from './retry.ts';

/** A bearer token for one scope. */
export interface Token {
  readonly token: string;
  /** When the token is no longer used, in milliseconds since the epoch. */
  readonly staleAt: number;
}

const answerSchema = z.object({
  token: z.string().optional(),
  access_token: z.string().optional(),
  expires_in: z.number().optional(),
});

const answerLimit = 256 * 1024;
/** The lifetime that the token specification assumes if the response states none: 60 seconds. */
const defaultLifeSeconds = 60;

/** A request for a token. */
export interface TokenRequest {
  /** A `Bearer` challenge. */
  readonly challenge: Challenge;
  readonly registry: URL;
  /**
   * `repository:<name>:<actions>`, or empty to check only the login. It is ours and not the challenge's, so that no
   * registry makes us ask for more than we need.
   */
  readonly scope: string;
  readonly credential: Exclude<Credential, { kind: 'registry' }> | undefined;
  readonly reference: string;
}

/**
 * Checks where a challenge points.
 * @throws Fault `challenge_invalid`, `token_realm_untrusted` if credentials must not go there
 */
export function trustedRealm({ parameters }: Challenge, registry: URL, policy: AddressPolicy, reference: string): URL {
  const text = parameters.get('realm');
  const realm = text === undefined ? null : URL.parse(text);
  if (!realm) return fail('challenge_invalid', { reference, realm: text ?? 'none' });
  if (!isTrustedRealm(realm, registry, policy)) {
    fail('token_realm_untrusted', { reference, registry: registry.host, realm: realm.origin });
  }
  return realm;
}

/**
 * Gets a token as the distribution project's token specification says: GET with service and scope, with the login as
 * Basic; or, with an identity token, the OAuth2 form of it. Redirects are refused, because the request contains a
 * login.
 * @throws Transient; Fault `challenge_invalid`, `token_realm_untrusted`, `token_refused`
 */
export async function requestToken(request: TokenRequest, policy: AddressPolicy, signal: AbortSignal): Promise<Token> {
  const { challenge, registry, scope, credential, reference } = request;
  const url = trustedRealm(challenge, registry, policy, reference);
  const parameters = { ...service(challenge), ...(scope !== '' && { scope }) };
  const init = credential?.kind === 'identity' ? exchange(credential.token, parameters) : login(credential);
  if (init.method === 'GET') for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
  const response = await registryFetch(url, { ...init, redirect: 'manual', signal });
  if (isTransientStatus(response.status)) {
    throw new Transient(
      `the token service responded with status ${response.status}`,
      retryAfterMs(response.headers.get('retry-after')),
    );
  }
  const refuse = (what: string): never => fail('token_refused', { reference, realm: url.origin, what });
  if (response.status !== 200) return refuse(`it responded with status ${response.status}`);
  const bytes = await readBounded(response.body, answerLimit, () => refuse('its response is too large'));
  return readToken(bytes) ?? refuse('its response contains no token');
}

const service = ({ parameters }: Challenge): { service?: string } => {
  const name = parameters.get('service');
  return name === undefined ? {} : { service: name };
};

const login = (credential: Credential | undefined): RequestInit & { method: string } => ({
  method: 'GET',
  headers: credential?.kind === 'basic' ? { authorization: basic(credential.username, credential.password) } : {},
});

const exchange = (token: string, parameters: Record<string, string>): RequestInit & { method: string } => ({
  method: 'POST',
  body: new URLSearchParams({
    ...parameters,
    grant_type: 'refresh_token',
    client_id: 'sallyport',
    refresh_token: token,
  }),
});

/** Formats `Basic` credentials (RFC 7617), as UTF-8. */
export const basic = (username: string, password: string): string =>
  `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;

function readToken(bytes: Uint8Array): Token | undefined {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(bytes).toString());
  } catch {
    return undefined;
  }
  const { data } = answerSchema.safeParse(value);
  const token = data?.token || data?.access_token;
  if (!data || !token || !/^[\x21-\x7e]+$/.test(token)) return undefined;
  // The token is used for 90% of its lifetime, so that it does not expire on the way.
  return { token, staleAt: Date.now() + (data.expires_in ?? defaultLifeSeconds) * 900 };
}
