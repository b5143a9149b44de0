import { isJsonObject, type Json, type JsonObject, nameOfStep } from '../../core/json.ts';
import { createPrincipal, type Principal } from '../principal.ts';
import { TokenRefused } from './verify-jwt.ts';

/** Where claims stand: the name of a member, or a JSON pointer such as `/realm_access/roles`. */
export interface ClaimPlaces {
  readonly subject: string;
  readonly tenant?: string | undefined;
  readonly scopes: string;
}

/** The maximum length of a subject and of a tenant, which become keys of limits and of stored values. */
const mostCharacters = 512;

/** The maximum nesting of claims, which plugins may get. */
const mostLevels = 64;

/**
 * Creates the principal that the claims of a verified token describe.
 * @throws TokenRefused `missing_claim` if there is no subject, or no tenant where one is expected; `malformed` if they are
 *   nested too deeply
 */
export function claimedPrincipal(scheme: string, claims: JsonObject, places: ClaimPlaces): Principal {
  if (!isWithin(claims, mostLevels)) throw new TokenRefused('malformed');
  const subject = nameAt(claims, places.subject);
  const tenant = places.tenant === undefined ? undefined : nameAt(claims, places.tenant);
  const scopes = scopesIn(claimAt(claims, places.scopes));
  return createPrincipal({ scheme, subject, ...(tenant !== undefined && { tenant }), scopes, claims });
}

function nameAt(claims: JsonObject, place: string): string {
  const value = claimAt(claims, place);
  if (typeof value === 'string' && value !== '' && value.length <= mostCharacters) return value;
  throw new TokenRefused('missing_claim');
}

function claimAt(claims: JsonObject, place: string): Json | undefined {
  if (!place.startsWith('/')) return memberOf(claims, place);
  const steps = place.slice(1).split('/');
  return steps.reduce<Json | undefined>((holder, step) => memberOf(holder, nameOfStep(step)), claims);
}

const memberOf = (holder: Json | undefined, name: string) =>
  isJsonObject(holder) && Object.hasOwn(holder, name) ? holder[name] : undefined;

/** Scopes are a text with spaces (RFC 8693 § 4.2) or, at some servers, a list. */
function scopesIn(value: Json | undefined): readonly string[] {
  const listed = Array.isArray(value) ? value : typeof value === 'string' ? value.split(' ') : [];
  return listed.filter(scope => typeof scope === 'string' && scope !== '');
}

/** Returns whether a value is nested at most `levels` deep. It looks no deeper, because recursion has an end. */
function isWithin(value: Json | undefined, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return true;
  return levels > 0 && Object.values(value).every(each => isWithin(each, levels - 1));
}
