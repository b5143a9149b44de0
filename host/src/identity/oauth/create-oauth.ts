import { hash } from 'node:crypto';
import type { JWTVerifyGetKey } from 'jose';
import { Fault, fail } from '../../core/fault.ts';
import { isList, type JsonObject } from '../../core/json.ts';
import { keyPrefix } from '../api-key/key-text.ts';
import type { ClientAddress } from '../client-address.ts';
import { keepToken } from '../credentials.ts';
import { ExpiringCache } from '../expiring-cache.ts';
import type { Principal } from '../principal.ts';
import type { ProtectedResources } from '../protected-resources.ts';
import { type Authenticate, bearerToken, refuseCredentials } from '../scheme.ts';
import type { VerificationBudget } from '../verification-budget.ts';
import { type ClaimPlaces, claimedPrincipal } from './claims.ts';
import type { Introspect } from './introspect.ts';
import { isJwt, readUnverified } from './unverified-token.ts';
import { type JwtRules, TokenRefused, verifyJwt } from './verify-jwt.ts';

export interface OAuthOptions extends JwtRules {
  readonly id: string;
  /** The audience of tokens, instead of the URLs of the bindings. */
  readonly audience?: string | undefined;
  readonly requiredScopes: readonly string[];
  readonly claims: ClaimPlaces;
  /** Finds the key of a token. @throws Fault `identity_unavailable` */
  readonly findKey: JWTVerifyGetKey;
  /** Asks the server about an opaque token; undefined if such tokens are not accepted. */
  readonly introspect?: Introspect | undefined;
  readonly resources: Pick<ProtectedResources, 'resourceOf'>;
  readonly budget: VerificationBudget;
  /** The address whose budget a verification needs. */
  readonly addressOf: ClientAddress;
  /** Whether a JWT of another issuer is refused, because no later scheme could accept it. */
  readonly refusesOtherIssuers: boolean;
}

/** A verified token. */
interface Verified {
  readonly principal: Principal;
  /** The resources that its audience names; absent if it is for all of them. */
  readonly resources?: ReadonlySet<string>;
  readonly hasScopes: boolean;
}

/** The number of tokens that are remembered. */
const most = { accepted: 10_000, refused: 5_000, familiar: 10_000 };
/** How long they are remembered at most, in milliseconds. An opaque token may be revoked at its server. */
const rememberMs = { jwt: 5 * 60_000, opaque: 60_000, refused: 10_000, familiar: 60 * 60_000 };

/**
 * Creates the scheme of one authorization server, whose access tokens are JWTs (RFC 6750, RFC 9068), or opaque if there is
 * introspection. A verified token is remembered by its hash, so that a request with it waits for nothing.
 */
export function createOAuth(options: OAuthOptions): Authenticate {
  const { id } = options;
  const accepted = new ExpiringCache<Verified>(most.accepted);
  const refused = new ExpiringCache<Fault>(most.refused);
  // They are verified again whatever the budget, so that nobody at the same address can keep their callers out.
  const familiar = new ExpiringCache<true>(most.familiar);
  const running = new Map<string, Promise<Verified>>();

  const verify = async (token: string, key: string, giveBack: () => void): Promise<Verified> => {
    try {
      const isOpaque = !isJwt(token);
      const claims = isOpaque ? await introspected(token, options) : await verifyJwt(token, options.findKey, options);
      const verified = verifiedToken(claims as JsonObject, options);
      keepToken(verified.principal, { token });
      giveBack();
      const { exp = Number.POSITIVE_INFINITY } = claims;
      const expires = (Number(exp) + options.clockSkewS) * 1_000;
      const now = Date.now();
      accepted.set(key, verified, Math.min(expires, now + (isOpaque ? rememberMs.opaque : rememberMs.jwt)));
      familiar.set(key, true, Math.min(expires, now + rememberMs.familiar));
      return verified;
    } catch (error) {
      if (!(error instanceof TokenRefused)) {
        // It says nothing about the token.
        giveBack();
        throw error instanceof Fault ? error.with({ scheme: id }) : error;
      }
      const fault = new Fault('credentials_refused', { scheme: id, reason: error.reason }, error.cause);
      refused.set(key, fault, Date.now() + rememberMs.refused);
      throw fault;
    } finally {
      running.delete(key);
    }
  };

  return (incoming, binding, { resource = binding } = {}) => {
    const token = bearerToken(incoming);
    if (token === undefined) return undefined;
    const key = hash('sha256', token, 'base64');
    const now = Date.now();
    const known = accepted.get(key, now);
    if (known !== undefined) return admit(known, resource, options);
    const refusal = refused.get(key, now);
    if (refusal !== undefined) throw refusal;
    if (!isOwn(token, options)) return undefined;
    let verifying = running.get(key);
    if (verifying === undefined) {
      const isFamiliar = familiar.get(key, now) === true;
      const address = isFamiliar ? '' : options.addressOf(incoming);
      if (!isFamiliar) options.budget.take(address, { scheme: id });
      verifying = verify(token, key, () => isFamiliar || options.budget.giveBack(address));
      running.set(key, verifying);
    }
    return verifying.then(verified => admit(verified, resource, options));
  };
}

/** Returns whether the scheme decides on a token. */
function isOwn(token: string, { id, issuer, introspect, refusesOtherIssuers }: OAuthOptions): boolean {
  // A key of the gateway must not leave it, in whatever order the schemes are.
  if (!isJwt(token)) return introspect !== undefined && !token.startsWith(keyPrefix);
  const unverified = readUnverified(token);
  if (unverified?.issuer === issuer) return true;
  if (!refusesOtherIssuers) return false;
  refuseCredentials(id, unverified === undefined ? 'malformed' : 'wrong_issuer');
}

/** @throws TokenRefused; Fault `identity_unavailable` */
function introspected(token: string, { introspect }: OAuthOptions): Promise<JsonObject> {
  if (introspect === undefined) throw new TokenRefused('malformed');
  return introspect(token);
}

/** @throws TokenRefused */
function verifiedToken(claims: JsonObject, options: OAuthOptions): Verified {
  const { id, audience, requiredScopes, resources } = options;
  const { aud = [] } = claims;
  const audiences = (isList(aud) ? aud : [aud]).filter(each => typeof each === 'string');
  const named = new Set(audiences.map(each => resources.resourceOf(each)).filter(each => each !== undefined));
  if (audience === undefined ? named.size === 0 : !audiences.includes(audience)) {
    throw new TokenRefused(audiences.length === 0 ? 'missing_claim' : 'wrong_audience');
  }
  const principal = claimedPrincipal(id, claims, options.claims);
  const hasScopes = requiredScopes.every(scope => principal.scopes.includes(scope));
  return { principal, ...(audience === undefined && { resources: named }), hasScopes };
}

/** @throws Fault `credentials_refused`, `insufficient_scope` */
function admit({ principal, resources, hasScopes }: Verified, resource: string, options: OAuthOptions): Principal {
  const { id, requiredScopes } = options;
  if (resources !== undefined && !resources.has(resource)) refuseCredentials(id, 'wrong_audience', { resource });
  if (!hasScopes) fail('insufficient_scope', { scheme: id, reason: 'missing_scope', scope: requiredScopes.join(' ') });
  return principal;
}
