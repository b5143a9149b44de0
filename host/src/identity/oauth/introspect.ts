import { fail } from '../../core/fault.ts';
import type { JsonObject } from '../../core/json.ts';
import type { ProviderRequest } from './provider-request.ts';
import { TokenRefused } from './verify-jwt.ts';

export interface IntrospectionOptions {
  readonly url: string;
  readonly clientId: string;
  /** Returns the secret of the gateway at the authorization server; undefined if it cannot be read now. */
  readonly clientSecret: () => string | undefined;
  readonly request: ProviderRequest;
  readonly issuer: string;
  readonly clockSkewS: number;
}

/** Asks an authorization server about an opaque token. @throws TokenRefused; Fault `identity_unavailable` */
export type Introspect = (token: string) => Promise<JsonObject>;

/** Creates the introspection of opaque tokens (RFC 7662). Their audience is not checked here. */
export function createIntrospect(options: IntrospectionOptions): Introspect {
  const { url, clientId, request } = options;
  return async token => {
    const secret = options.clientSecret() ?? fail('identity_unavailable', { url, what: 'its secret cannot be read' });
    const authorization = `Basic ${Buffer.from(`${formEncoded(clientId)}:${formEncoded(secret)}`).toString('base64')}`;
    const answer = await request(url, { fields: { token, token_type_hint: 'access_token' }, authorization });
    if (answer === undefined) fail('identity_unavailable', { url, what: 'it refuses to introspect' });
    checkAnswer(answer, options);
    return answer;
  };
}

/** @throws TokenRefused */
function checkAnswer(answer: JsonObject, { issuer, clockSkewS }: IntrospectionOptions): void {
  const { active, iss, exp, nbf, token_type: type = 'Bearer', cnf } = answer;
  if (active !== true) throw new TokenRefused('inactive');
  if (iss !== undefined && iss !== issuer) throw new TokenRefused('wrong_issuer');
  if (!isTime(exp) || !isTime(nbf)) throw new TokenRefused('malformed');
  const now = Date.now() / 1000;
  if (exp !== undefined && exp <= now - clockSkewS) throw new TokenRefused('expired');
  if (nbf !== undefined && nbf > now + clockSkewS) throw new TokenRefused('not_yet_valid');
  // Some servers name the kind of token here instead (RFC 7662 § 2.2, RFC 6749 § 5.1).
  if (typeof type !== 'string' || !/^(bearer|access_token)$/i.test(type)) throw new TokenRefused('wrong_type');
  if (cnf !== undefined) throw new TokenRefused('sender_constrained');
}

const isTime = (value: unknown): value is number | undefined => value === undefined || typeof value === 'number';

/** Encodes a client's id or secret for Basic authentication (RFC 6749 § 2.3.1). */
const formEncoded = (text: string) => new URLSearchParams({ '': text }).toString().slice(1);
