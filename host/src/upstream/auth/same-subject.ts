import { fail } from '../../core/fault.ts';
import { isJsonObject, type JsonObject } from '../../core/json.ts';
import { claimsOf } from './token-lifetime.ts';

/**
 * Checks that an exchanged token is about the user of the token it was exchanged for. Subjects are compared within one
 * issuer, because another one may give the same user another name; `claim` is compared for any issuers. A
 * token in which the issuer states that its user may act for the other is accepted (RFC 8693 § 4.1, § 4.4).
 * @throws Fault `upstream_auth_subject`
 */
export function checkSameSubject(upstream: string, from: string, issued: string, claim?: string): void {
  const caller = claimsOf(from);
  const named = claimsOf(issued);
  if (caller === undefined || named === undefined) {
    if (claim === undefined) return;
    const hint = `\`same_claim: ${claim}\` cannot be compared, because one of the tokens is not a JWT`;
    fail('upstream_auth_subject', { upstream, hint });
  }
  const isSame =
    claim === undefined ? namesSameSubject(caller, named) : isText(caller[claim]) && caller[claim] === named[claim];
  if (!isSame) fail('upstream_auth_subject', { upstream, claim: claim ?? 'sub' });
}

function namesSameSubject(caller: JsonObject, named: JsonObject): boolean {
  if (isText(caller.iss) && isText(named.iss) && caller.iss !== named.iss) return true;
  if (!isText(caller.sub) || !isText(named.sub) || caller.sub === named.sub) return true;
  return isActor(named.act, caller.sub) || isActor(caller.may_act, named.sub);
}

const isText = (value: unknown): value is string => typeof value === 'string' && value !== '';

const isActor = (actor: JsonObject[string] | undefined, subject: string): boolean =>
  isJsonObject(actor) && actor.sub === subject;
