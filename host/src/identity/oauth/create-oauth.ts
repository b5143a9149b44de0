import { hash } from 'node:crypto';
import type { JWTPayload, JWTVerifyGetKey } from 'jose';
import { Fault, fail } from '../../core/fault.ts';
import type { JsonObject } from '../../core/json.ts';
import { keepToken } from '../credentials.ts';
import { ExpiringCache } from '../expiring-cache.ts';
import type { Principal } from '../principal.ts';
import type { ProtectedResources } from '../protected-resources.ts';
import { type Authenticate, bearerToken, refuseCredentials } from '../scheme.ts';
import type { VerificationBudget } from '../verification-budget.ts';
import { type ClaimPlaces, claimedPrincipal } from './claims.ts';
import { isJwt, readUnverified } from './unverified-token.ts';
import { type JwtRules, TokenRefused, verifyJwt } from './verify-jwt.ts';

export interface OAuthOptions extends JwtRules {
  readonly id: string;
  /** The audience of tokens, in place of the URLs of the bindings. */
  readonly audience?: string | undefined;
  readonly requiredScopes: readonly string[];
  readonly claims: ClaimPlaces;
  /** Finds the key of a token. @throws Fault `identity_unavailable` */
  readonly findKey: JWTVerifyGetKey;
  readonly resources: Pick<ProtectedResources, 'bindingOf'>;
  readonly budget: VerificationBudget;
  /** Whether a JWT of another issuer is refused, because no later scheme could accept it. */
  readonly refusesOtherIssuers: boolean;
}

/** A verified token. */
interface Verified {
  readonly principal: Principal;
  /** The bindings that its audience names; absent if it is for all of them. */
  readonly bindings?: ReadonlySet<string>;
  readonly hasScopes: boolean;
}

/** The number of tokens that are remembered, and for how long at most, in milliseconds. */
const remembered = { accepted: 10_000, refused: 5_000, acceptedMs: 5 * 60_000, refusedMs: 10_000 };

/**
 * Creates the scheme of one authorization server, whose access tokens are JWTs (RFC 6750, RFC 9068). A verified token is
 * remembered by its hash, so that a request with it waits for nothing.
 */
export function createOAuth(options: OAuthOptions): Authenticate {
  const { id } = options;
  const accepted = new ExpiringCache<Verified>(remembered.accepted);
  const refused = new ExpiringCache<Fault>(remembered.refused);
  const running = new Map<string, Promise<Verified>>();

  const verify = async (token: string, key: string, address: string): Promise<Verified> => {
    try {
      const claims = await verifyJwt(token, options.findKey, options);
      const verified = verifiedToken(claims, options);
      keepToken(verified.principal, { token });
      const { exp = 0 } = claims;
      const expires = (exp + options.clockSkewS) * 1000;
      options.budget.giveBack(address);
      accepted.set(key, verified, Math.min(expires, Date.now() + remembered.acceptedMs));
      return verified;
    } catch (error) {
      // It says nothing about the token.
      if (!(error instanceof TokenRefused)) options.budget.giveBack(address);
      if (!(error instanceof TokenRefused)) throw error instanceof Fault ? error.with({ scheme: id }) : error;
      const fault = new Fault('credentials_refused', { scheme: id, reason: error.reason }, error.cause);
      refused.set(key, fault, Date.now() + remembered.refusedMs);
      throw fault;
    } finally {
      running.delete(key);
    }
  };

  return (incoming, binding) => {
    const token = bearerToken(incoming);
    if (token === undefined) return undefined;
    const key = hash('sha256', token, 'base64');
    const now = Date.now();
    const known = accepted.get(key, now);
    if (known !== undefined) return admit(known, binding, options);
    const refusal = refused.get(key, now);
    if (refusal !== undefined) throw refusal;
    if (!isOwn(token, options)) return undefined;
    let verifying = running.get(key);
    if (verifying === undefined) {
      const address = incoming.socket.remoteAddress ?? '';
      options.budget.take(address, { scheme: id });
      verifying = verify(token, key, address);
      running.set(key, verifying);
    }
    return verifying.then(verified => admit(verified, binding, options));
  };
}

/** Returns whether the scheme decides on a token. */
function isOwn(token: string, { id, issuer, refusesOtherIssuers }: OAuthOptions): boolean {
  if (!isJwt(token)) return false;
  const unverified = readUnverified(token);
  if (unverified?.issuer === issuer) return true;
  if (!refusesOtherIssuers) return false;
  refuseCredentials(id, unverified === undefined ? 'malformed' : 'wrong_issuer');
}

/** @throws TokenRefused */
function verifiedToken(claims: JWTPayload, options: OAuthOptions): Verified {
  const { id, audience, requiredScopes, resources } = options;
  const audiences = [claims.aud ?? []].flat().filter(each => typeof each === 'string');
  const bindings = new Set(audiences.map(each => resources.bindingOf(each)).filter(each => each !== undefined));
  if (audience === undefined ? bindings.size === 0 : !audiences.includes(audience)) {
    throw new TokenRefused(audiences.length === 0 ? 'missing_claim' : 'wrong_audience');
  }
  const principal = claimedPrincipal(id, claims as JsonObject, options.claims);
  const hasScopes = requiredScopes.every(scope => principal.scopes.includes(scope));
  return { principal, ...(audience === undefined && { bindings }), hasScopes };
}

/** @throws Fault `credentials_refused`, `insufficient_scope` */
function admit({ principal, bindings, hasScopes }: Verified, binding: string, options: OAuthOptions): Principal {
  const { id, requiredScopes } = options;
  if (bindings !== undefined && !bindings.has(binding)) refuseCredentials(id, 'wrong_audience', { binding });
  if (!hasScopes) fail('insufficient_scope', { scheme: id, reason: 'missing_scope', scope: requiredScopes.join(' ') });
  return principal;
}
