import { isJsonObject, type JsonObject } from '../../core/json.ts';
import { doubleOf } from '../../core/json-number.ts';
import { readJson } from '../../core/json-reader.ts';
import { Credential } from './credential.ts';
import type { TokenResponse } from './token-endpoint.ts';

/** Milliseconds that a token without a stated lifetime is used. */
const assumedMs = 300_000;
/** A token is replaced so long before it expires, at most. */
const skewMs = 30_000;

/** Makes a credential of a token. Its lifetime is what the server states, or what a JWT says itself. */
export function credentialOf({ access_token, expires_in }: TokenResponse, requestedAt: number): Credential {
  const expiresAt = expires_in === undefined ? ownExpiry(access_token) : requestedAt + expires_in * 1_000;
  if (expiresAt === undefined) return new Credential(access_token, { staleAt: requestedAt + assumedMs });
  const skew = Math.min(skewMs, Math.max(0, expiresAt - requestedAt) / 4);
  return new Credential(access_token, { staleAt: expiresAt - skew, expiresAt });
}

function ownExpiry(token: string): number | undefined {
  const exp = doubleOf(claimsOf(token)?.exp);
  return exp === undefined ? undefined : exp * 1_000;
}

/** Returns the claims of a JWT, which are not verified; undefined for any other token. */
export function claimsOf(token: string): JsonObject | undefined {
  const [, payload, signature, ...more] = token.split('.');
  if (payload === undefined || signature === undefined || more.length > 0) return undefined;
  try {
    const claims = readJson(Buffer.from(payload, 'base64url').toString('utf8'));
    return isJsonObject(claims) ? claims : undefined;
  } catch {
    return undefined;
  }
}
