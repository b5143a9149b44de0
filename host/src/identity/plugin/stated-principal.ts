import type { Principal as Stated } from '../../contract/generated/types.js';
import { matchesGlob } from '../../core/glob.ts';
import { isJsonObject, type Json, type JsonObject } from '../../core/json.ts';
import { parseObject, refuse } from '../../hook/invalid-output.ts';
import { createPrincipal, type Principal } from '../principal.ts';

/** What the operator lets a plugin state about callers. */
export interface StatementRules {
  /** The id of the scheme. */
  readonly scheme: string;
  /** Whether subjects get the id of the scheme and a colon in front, so that no other scheme has the same ones. */
  readonly subjects: 'prefixed' | 'as_stated';
  /** The tenants that it may state, as globs. */
  readonly tenants: readonly string[];
  /** The scopes that callers get if it states them, as globs. */
  readonly scopes: readonly string[];
  /** The names of the claims that are kept. */
  readonly claims: readonly string[];
  /** The ids of all schemes of the gateway. */
  readonly schemes: readonly string[];
}

const most = { subject: 256, tenant: 256, scopes: 200, scope: 200, claims: 16 * 1024, levels: 16 };

/** Control and format characters, separators of lines, and lone surrogates: nothing that names someone. */
const unfitForNames = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;
/** A scope (RFC 6749 § 3.3). */
const scopePattern = /^[\x21\x23-\x5b\x5d-\x7e]+$/;

/**
 * Creates the principal that a plugin states, reduced to what it may state.
 * @throws InvalidOutput if it names nobody, or more than it may
 */
export function statedPrincipal(stated: Stated, rules: StatementRules): Principal {
  const subject = subjectOf(stated, rules);
  const tenant = stated.tenant === undefined ? undefined : allowedTenant(stated.tenant, rules.tenants);
  if (stated.scopes.length > most.scopes) refuse(`it states more than ${most.scopes} scopes`);
  for (const scope of stated.scopes) {
    if (scope.length > most.scope || !scopePattern.test(scope)) refuse('it states a scope that is not one');
  }
  return createPrincipal({
    scheme: rules.scheme,
    subject,
    ...(tenant !== undefined && { tenant }),
    scopes: stated.scopes.filter(scope => rules.scopes.some(glob => matchesGlob(glob, scope))),
    claims: keptClaims(stated.claims, rules.claims),
  });
}

/** Returns a tenant that a plugin may name. @throws InvalidOutput */
export function allowedTenant(tenant: string, globs: readonly string[]): string {
  checkName(tenant, 'the tenant', most.tenant);
  if (!globs.some(glob => matchesGlob(glob, tenant))) refuse('it names a tenant that its `tenants` do not allow');
  return tenant;
}

function subjectOf({ subject }: Stated, { scheme, subjects, schemes }: StatementRules): string {
  checkName(subject, 'the subject', most.subject);
  if (subjects === 'prefixed') return `${scheme}:${subject}`;
  const other = schemes.find(id => id !== scheme && subject.startsWith(`${id}:`));
  if (other !== undefined) refuse(`the subject looks like one of the scheme ${other}`);
  return subject;
}

function checkName(name: string, what: string, characters: number): void {
  if (name.trim() === '' || name.trim() !== name) refuse(`${what} is empty, or has spaces at its ends`);
  if (name.length > characters) refuse(`${what} has more than ${characters} characters`);
  if (unfitForNames.test(name)) refuse(`${what} has characters that cannot be seen`);
}

function keptClaims(text: string, names: readonly string[]): JsonObject {
  if (text.length > most.claims) refuse(`the claims have more than ${most.claims} characters`);
  const claims = parseObject(text, 'claims');
  if (!isWithin(claims, most.levels)) refuse(`the claims are nested deeper than ${most.levels} levels`);
  return Object.fromEntries(names.filter(name => Object.hasOwn(claims, name)).map(name => [name, claims[name]]));
}

/** Returns whether a value is nested at most `levels` deep. It looks no deeper, because recursion has an end. */
function isWithin(value: Json | undefined, levels: number): boolean {
  if (!Array.isArray(value) && !isJsonObject(value)) return true;
  return levels > 0 && Object.values(value).every(each => isWithin(each as Json | undefined, levels - 1));
}
