import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { expect, it } from 'vitest';
import type { Config } from '../config/config.ts';
import { silentLog } from '../core/log.ts';
import { Metrics } from '../core/metrics.ts';
import { createAuthenticate } from '../http/step/authenticate.ts';
import { peerAddress } from '../identity/client-address.ts';
import { anonymous, createPrincipal, type Principal } from '../identity/principal.ts';
import type { Authenticate } from '../identity/scheme.ts';
import { openAuthentication } from './open-authentication.ts';

const ada = createPrincipal({ scheme: 'program', subject: 'ada' });
const ofProgram: Authenticate = ({ headers }) => (headers['x-user'] === undefined ? undefined : ada);

async function callerOf(
  headers: Record<string, string>,
  identity: Config['identity'],
  own: readonly Authenticate[],
): Promise<Principal | string> {
  await using authentication = await openAuthentication(
    { identity, bindings: [], tenants: [], audit: {} } as never,
    own,
    {
      ...{ log: silentLog(), metrics: new Metrics(), addressOf: peerAddress },
      audit: { write() {} },
    } as never,
  );
  const incoming = Object.assign(new IncomingMessage(new Socket()), { headers });
  const arrival = { incoming, outgoing: new ServerResponse(incoming), principal: anonymous };
  try {
    await createAuthenticate(authentication).pass(arrival);
    return arrival.principal;
  } catch (fault) {
    return (fault as { code: string }).code;
  }
}

it.each([
  { what: 'without schemes', identity: undefined, own: [], expected: anonymous },
  { what: 'with a scheme of the program', identity: undefined, own: [ofProgram], expected: 'unauthenticated' },
  { what: 'with one, and `identity: none`', identity: 'none', own: [ofProgram], expected: anonymous },
] as const)('[EMB-28] a caller without credentials $what', async ({ identity, own, expected }) => {
  expect(await callerOf({}, identity, own)).toEqual(expected);
  if (own.length > 0) expect(await callerOf({ 'x-user': 'ada' }, identity, own)).toEqual(ada);
});
