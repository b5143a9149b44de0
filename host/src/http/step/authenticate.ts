import { fail } from '../../core/fault.ts';
import type { ProtectedResources } from '../../identity/protected-resources.ts';
import { type Authenticate, type AuthenticationChecks, countOf } from '../../identity/scheme.ts';
import type { AuthenticationRecord } from './authentication-record.ts';
import type { Arrival, Step } from './step.ts';

/** How callers are authenticated. */
export interface Authentication {
  /** The ways to authenticate a caller, in the order in which they are asked. If empty, all callers are anonymous. */
  readonly schemes: readonly Authenticate[];
  /** Whether a request without any credentials is served, as `anonymous`. */
  readonly servesAnonymous: boolean;
  /** The headers with credentials, in lower case: `authorization` unless stated. */
  readonly credentialHeaders?: readonly string[];
  /** Plugins that are called before and after each authentication. */
  readonly checks?: AuthenticationChecks | undefined;
  /** The bindings as resources of authorization servers; absent if there are none. */
  readonly resources?: ProtectedResources | undefined;
  /** The scopes that every request to a binding needs, by its id. */
  readonly requiredScopes?: ReadonlyMap<string, readonly string[]>;
  /** The milliseconds for which a running call continues after its credentials have expired. Default: ten minutes. */
  readonly expiredCallsMs?: number | undefined;
  /** Counts what the schemes decide. */
  readonly record?: AuthenticationRecord | undefined;
}

/**
 * Creates the step that authenticates the caller. The first scheme that finds credentials decides. Credentials that no
 * scheme knows are refused even where anonymous callers are served: who sends them expects not to be anonymous.
 */
export const createAuthenticate = ({ record, ...how }: Authentication): Step => ({
  name: 'authenticate',
  pass:
    how.schemes.length === 0
      ? () => {}
      : arrival => {
          const refused = (reason: unknown): never => {
            record?.refused(arrival, reason);
            throw reason;
          };
          try {
            checkAmbiguity(arrival);
            const waiting = how.checks === undefined ? identify(arrival, how, 0) : checked(arrival, how, how.checks);
            if (waiting !== undefined) return waiting.then(() => record?.accepted(arrival), refused);
          } catch (reason) {
            refused(reason);
          }
          record?.accepted(arrival);
        },
});

/**
 * Refuses two Authorization headers: Node reads the first one, and a proxy may have checked another one.
 * @throws Fault `credentials_refused`
 */
function checkAmbiguity({ incoming }: Arrival): void {
  const { authorization } = incoming.headers;
  if (authorization === undefined || countOf('authorization', incoming) < 2) return;
  fail('credentials_refused', { reason: 'ambiguous', headers: ['authorization'] });
}

type How = Pick<Authentication, 'schemes' | 'servesAnonymous' | 'credentialHeaders'>;

/** Asks the schemes, between the calls of plugins. */
async function checked(arrival: Arrival, how: How, checks: AuthenticationChecks): Promise<void> {
  await checks.before(arrival.incoming, arrival);
  await identify(arrival, how, 0);
  arrival.principal = await checks.after(arrival.incoming, arrival, arrival.principal);
}

const usualHeaders = ['authorization'];

/** Asks the schemes from `from` on. @throws Fault `unauthenticated`, `credentials_refused` */
function identify(arrival: Arrival, how: How, from: number): Promise<void> | void {
  const { schemes, servesAnonymous, credentialHeaders = usualHeaders } = how;
  for (let at = from; at < schemes.length; at += 1) {
    const found = schemes[at]?.(arrival.incoming, arrival.binding ?? '', arrival);
    if (found instanceof Promise) {
      return found.then(principal => {
        if (principal === undefined) return identify(arrival, how, at + 1);
        arrival.principal = principal;
      });
    }
    if (found === undefined) continue;
    arrival.principal = found;
    return;
  }
  const { headers } = arrival.incoming;
  if (credentialHeaders.some(name => headers[name] !== undefined)) fail('credentials_refused', { reason: 'unknown' });
  if (!servesAnonymous) fail('unauthenticated');
}
