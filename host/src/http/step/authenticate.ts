import type { IncomingMessage } from 'node:http';
import type { Principal } from '../../identity/principal.ts';
import type { Step } from './step.ts';

/**
 * One way to authenticate a caller.
 * @returns undefined when the request carries no credentials of this scheme
 * @throws Fault when it carries some that are not accepted
 */
export type Authenticate = (incoming: IncomingMessage) => Promise<Principal | undefined> | Principal | undefined;

/** Creates the step that finds out who is calling. The first scheme that knows the caller decides; without one, a caller is `anonymous`. */
export const createAuthenticate = (schemes: readonly Authenticate[]): Step => ({
  name: 'authenticate',
  pass: schemes.length === 0 ? () => {} : arrival => identify(schemes, arrival),
});

async function identify(schemes: readonly Authenticate[], arrival: Parameters<Step['pass']>[0]): Promise<void> {
  for (const scheme of schemes) {
    const principal = await scheme(arrival.incoming);
    if (principal === undefined) continue;
    arrival.principal = principal;
    return;
  }
}
