import { hash } from 'node:crypto';
import { fail } from '../../core/fault.ts';
import { ExpiringCache } from '../../identity/expiring-cache.ts';
import type { Authenticate } from '../../identity/scheme.ts';
import { VerificationBudget } from '../../identity/verification-budget.ts';
import { createAuthenticate } from '../step/authenticate.ts';
import type { AuthenticationRecord } from '../step/authentication-record.ts';
import type { Arrival, Step } from '../step/step.ts';

export interface AdminAuthenticationOptions {
  /** The ways to authenticate a caller of the management API. */
  readonly schemes: readonly Authenticate[];
  readonly record: AuthenticationRecord | undefined;
}

/** The refused credentials that an address may send at once, and per second. */
const failures = { most: 20, perSecond: 1 };

/** Credentials that are remembered as accepted, and for how long. */
const remembered = { most: 64, ms: 3_600_000 };

/**
 * Authenticates callers of the management API. An address whose credentials are refused again and again has to wait;
 * credentials that were accepted before are still checked at once, so guessing does not lock an operator out.
 */
export class AdminAuthentication {
  readonly #step: Step;
  readonly #record: AuthenticationRecord | undefined;
  readonly #budget = new VerificationBudget(undefined, failures);
  readonly #accepted = new ExpiringCache<true>(remembered.most);

  constructor({ schemes, record }: AdminAuthenticationOptions) {
    this.#step = createAuthenticate({ schemes, servesAnonymous: false, record });
    this.#record = record;
  }

  /** @param address that of the client @throws Fault `unauthenticated`, `credentials_refused`, `authentication_throttled` */
  async pass(arrival: Arrival, address: string): Promise<void> {
    const { authorization } = arrival.incoming.headers;
    if (authorization === undefined) return this.#step.pass(arrival);
    // What is kept is no credential.
    const key = hash('sha256', authorization, 'base64');
    const isKnown = this.#accepted.get(key, Date.now()) === true;
    if (!isKnown) this.#take(address, arrival);
    await this.#step.pass(arrival);
    if (!isKnown) this.#budget.giveBack(address);
    this.#accepted.set(key, true, Date.now() + remembered.ms);
  }

  #take(address: string, arrival: Arrival): void {
    try {
      this.#budget.take(address, { scheme: 'admin' });
    } catch (reason) {
      this.#record?.refused(arrival, reason);
      throw reason;
    }
  }
}

/** Checks that a caller of the management API has a scope. Who may write may read. @throws Fault `insufficient_scope` */
export function checkScope({ scopes }: Arrival['principal'], needed: string): void {
  if (scopes.includes(needed) || scopes.includes('admin:write')) return;
  fail('insufficient_scope', { scheme: 'admin', reason: 'missing_scope', scope: needed });
}
