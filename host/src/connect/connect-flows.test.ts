import { describe, expect, it } from 'vitest';
import { Metrics } from '../core/metrics.ts';
import { keepOriginal } from '../identity/authenticated-as.ts';
import { createPrincipal, type Principal } from '../identity/principal.ts';
import type { AccountConnection } from '../upstream/auth/account-connection.ts';
import { ConnectFlows, type ReadCookie } from './connect-flows.ts';
import { type AccountEvent, ConnectRecord } from './connect-record.ts';
import { PendingLinks } from './pending-links.ts';
import type { BegunSignIn } from './sign-in.ts';

const publicUrl = 'https://gateway.example';

/** The way of one browser with a link of `caller`, in which `signedIn` signs in. */
function open(caller: Principal, signedIn: Principal) {
  const audit: AccountEvent[] = [];
  const finished: Principal[] = [];
  let state = 0;
  const begin = async () => {
    state += 1;
    return { url: new URL('https://idp.example/authorize'), state: `state-${state}` } as BegunSignIn;
  };
  const links = new PendingLinks({ publicUrl, lifetimeMs: 600_000, schemes: new Set(['staff']) });
  const flows = new ConnectFlows({
    ...{ publicUrl, links },
    signIns: new Map([['staff', { begin, finish: async () => signedIn }]]),
    record: new ConnectRecord(new Metrics(), event => audit.push(event)),
  });
  const connection: Partial<AccountConnection> = {
    begin,
    terms: async () => ({ server: 'https://tickets.example', scopes: [] }),
    finish: async (_, __, user) => void finished.push(user),
  };
  flows.offer('tickets', connection as AccountConnection);
  const token = links.request('tickets', caller).url.split('/').at(-1) ?? '';
  const cookies = new Map<string, string>();
  const cookie: ReadCookie = name => cookies.get(name);
  const response = () => new URLSearchParams({ state: `state-${state}`, code: 'c' });
  return {
    ...{ audit, finished },
    async connect() {
      const opened = await flows.open(token, cookie);
      if (opened.kind === 'redirect' && opened.cookie) cookies.set(opened.cookie.name, opened.cookie.value);
      await flows.signedIn(response(), cookie);
      const consent = await flows.open(token, cookie);
      await flows.agree(token, consent.kind === 'consent' ? consent.csrf : '', cookie);
      return flows.connected('tickets', response(), cookie);
    },
    [Symbol.dispose]: () => links[Symbol.dispose](),
  };
}

const ada = createPrincipal({ scheme: 'staff', subject: 'ada', scopes: ['a'] });
const adaAtAcme = createPrincipal({ scheme: 'staff', subject: 'ada', tenant: 'acme' });
const bob = createPrincipal({ scheme: 'staff', subject: 'bob' });

/** What plugins have made of a principal. */
function changed(principal: Principal, { tenant }: { readonly tenant?: string } = {}): Principal {
  const { scheme, subject = '' } = principal;
  const made = createPrincipal({ scheme, subject, ...(tenant !== undefined && { tenant }) });
  keepOriginal(made, principal);
  return made;
}

describe('[UP-51] a link connects an account', () => {
  it.each([
    { what: 'for its user', caller: ada, signedIn: ada },
    { what: 'whatever scopes plugins took away', caller: changed(ada), signedIn: ada },
    { what: 'for a user to whom a plugin gave a tenant', caller: changed(ada, { tenant: 'acme' }), signedIn: ada },
    { what: 'after several plugins', caller: changed(changed(ada), { tenant: 'acme' }), signedIn: ada },
  ])('$what', async ({ caller, signedIn }) => {
    using browser = open(caller, signedIn);
    expect(await browser.connect()).toMatchObject({ kind: 'connected', upstream: 'tickets' });
    expect(browser.finished).toEqual([caller]);
  });

  it.each([
    { what: 'another user', caller: ada, signedIn: bob },
    { what: 'another user of a tenant that a plugin gave', caller: changed(ada, { tenant: 'acme' }), signedIn: bob },
    { what: 'a user of another tenant', caller: ada, signedIn: adaAtAcme },
    { what: 'a user of a tenant by the provider', caller: changed(ada, { tenant: 'acme' }), signedIn: adaAtAcme },
  ])('but not for $what', async ({ caller, signedIn }) => {
    using browser = open(caller, signedIn);
    await expect(browser.connect()).rejects.toThrow('connect_other_user');
    expect(browser.finished).toEqual([]);
    expect(browser.audit).toMatchObject([{ event: 'account.refused', subject: 'ada' }]);
  });
});
