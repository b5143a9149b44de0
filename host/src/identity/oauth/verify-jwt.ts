import { errors, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from 'jose';
import { Fault } from '../../core/fault.ts';
import type { RefusalReason } from '../scheme.ts';
import { readUnverified } from './unverified-token.ts';

/** The types of JWTs: of access tokens alone (RFC 9068), or of any that do not state another purpose. */
export type JwtType = 'at+jwt' | 'any';

export interface JwtRules {
  readonly issuer: string;
  readonly algorithms: readonly string[];
  readonly type: JwtType;
  readonly clockSkewS: number;
}

/** A token that is not accepted. */
export class TokenRefused extends Error {
  readonly reason: RefusalReason;

  constructor(reason: RefusalReason, cause?: unknown) {
    super(reason, { cause });
    this.reason = reason;
  }
}

/**
 * Verifies a JWT: its signature, issuer, times and type, but not its audience.
 * @throws TokenRefused; Fault `identity_unavailable` of `find`
 */
export async function verifyJwt(token: string, find: JWTVerifyGetKey, rules: JwtRules): Promise<JWTPayload> {
  const { header } = readUnverified(token) ?? {};
  // Extensions change what a signature means, and none is used for access tokens (RFC 7515 § 4.1.11).
  if (header === undefined || header.crit !== undefined) throw new TokenRefused('malformed');
  if (!isAccessToken(header.typ, rules.type)) throw new TokenRefused('wrong_type');
  const { issuer, algorithms, clockSkewS } = rules;
  try {
    const options = { issuer, algorithms: [...algorithms], clockTolerance: clockSkewS, requiredClaims: ['exp'] };
    const { payload } = await jwtVerify(token, find, options);
    const { iat } = payload;
    if (typeof iat === 'number' && iat > Date.now() / 1000 + clockSkewS) throw new TokenRefused('not_yet_valid');
    // It may be used only by the owner of a key, who would have to prove that (RFC 7800 § 3.1).
    if (payload.cnf !== undefined) throw new TokenRefused('sender_constrained');
    return payload;
  } catch (error) {
    if (error instanceof Fault || error instanceof TokenRefused) throw error;
    // Everything else comes from jose, or from Node for a key that cannot be used.
    throw new TokenRefused(error instanceof errors.JOSEError ? reasonOf(error) : 'wrong_key', error);
  }
}

function isAccessToken(typ: unknown, type: JwtType): boolean {
  const name = typeof typ === 'string' ? typ.toLowerCase().replace(/^application\//, '') : typ;
  return name === 'at+jwt' || (type === 'any' && (name === undefined || name === 'jwt'));
}

const reasonsByClaim: Readonly<Record<string, RefusalReason>> = { iss: 'wrong_issuer', nbf: 'not_yet_valid' };

const reasonsByError: readonly (readonly [new (...given: never[]) => errors.JOSEError, RefusalReason])[] = [
  [errors.JWTExpired, 'expired'],
  [errors.JOSEAlgNotAllowed, 'wrong_algorithm'],
  [errors.JOSENotSupported, 'wrong_algorithm'],
  [errors.JWKSNoMatchingKey, 'wrong_key'],
  [errors.JWKSMultipleMatchingKeys, 'wrong_key'],
  [errors.JWKSInvalid, 'wrong_key'],
  [errors.JWSSignatureVerificationFailed, 'wrong_signature'],
];

function reasonOf(error: errors.JOSEError): RefusalReason {
  if (error instanceof errors.JWTClaimValidationFailed) {
    if (error.reason === 'missing') return 'missing_claim';
    return reasonsByClaim[error.claim] ?? 'malformed';
  }
  return reasonsByError.find(([type]) => error instanceof type)?.[1] ?? 'malformed';
}
