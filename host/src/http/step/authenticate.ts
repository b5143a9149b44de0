import { fail } from '../../core/fault.ts';
import type { ProtectedResources } from '../../identity/protected-resources.ts';
import { type Authenticate, countOf } from '../../identity/scheme.ts';
import type { AuthenticationRecord } from './authentication-record.ts';
import type { Arrival, Step } from './step.ts';

/** How callers are authenticated. */
export interface Authentication {
  /** The ways to authenticate a caller, in the order in which they are asked. If empty, all callers are anonymous. */
  readonly schemes: readonly Authenticate[];
  /** Whether a request without any credentials is served, as `anonymous`. */
  readonly servesAnonymous: boolean;
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
export const createAuthenticate = ({ schemes, servesAnonymous, record }: Authentication): Step => ({
  name: 'authenticate',
  pass:
    schemes.length === 0
      ? () => {}
      : arrival => {
          const refused = (reason: unknown): never => {
            record?.refused(arrival, reason);
            throw reason;
          };
          try {
            checkAmbiguity(arrival);
            const waiting = identify(arrival, schemes, servesAnonymous, 0);
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

/** Asks the schemes from `from` on. @throws Fault `unauthenticated`, `credentials_refused` */
function identify(
  arrival: Arrival,
  schemes: readonly Authenticate[],
  servesAnonymous: boolean,
  from: number,
): Promise<void> | void {
  for (let at = from; at < schemes.length; at += 1) {
    const found = schemes[at]?.(arrival.incoming, arrival.binding ?? '');
    if (found instanceof Promise) {
      return found.then(principal => {
        if (principal === undefined) return identify(arrival, schemes, servesAnonymous, at + 1);
        arrival.principal = principal;
      });
    }
    if (found === undefined) continue;
    arrival.principal = found;
    return;
  }
  if (arrival.incoming.headers.authorization !== undefined) fail('credentials_refused', { reason: 'unknown' });
  if (!servesAnonymous) fail('unauthenticated');
}
