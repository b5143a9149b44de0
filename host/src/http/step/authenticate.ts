import type { IncomingMessage } from 'node:http';
import type { Principal } from '../../identity/principal.ts';
import type { Step } from './step.ts';

/**
 * One way to authenticate a caller.
 * @returns undefined when the request carries no credentials of this scheme
 * @throws Fault if they are not accepted
 */
export type Authenticate = (incoming: IncomingMessage) => Promise<Principal | undefined> | Principal | undefined;

/**
 * Creates the step that authenticates the caller. The first scheme that finds credentials decides; without any, the
 * caller is `anonymous`.
 */
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
