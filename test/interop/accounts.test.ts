import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type AccountGateway,
  type AccountServers,
  callTool,
  connectAccount,
  connectUser,
  linkOf,
  newKey,
  openAccountGateway,
  startAccountServers,
} from '../fixtures/account-gateway.ts';
import { Browser } from '../fixtures/browser.ts';
import { keep } from '../fixtures/keep.ts';
import { blocksOf } from '../fixtures/markdown.ts';
import { startRawHttpServer } from '../fixtures/raw-http-server.ts';
import { temporaryFolder } from '../fixtures/temporary-folder.ts';

let servers: AccountServers;
let gateway: AccountGateway;

beforeAll(async () => {
  servers = await startAccountServers();
  gateway = await openAccountGateway(servers);
});
afterAll(async () => {
  await gateway?.[Symbol.asyncDispose]();
  await servers?.[Symbol.asyncDispose]();
});

const asked = { error: { code: -32042 } };
const isCallback = (url: URL) => url.pathname.startsWith('/connect/callback');
const atUpstreams = (url: URL) => url.origin === servers.server;

/** The events of the audit trail about an upstream account, with their outcome. */
const audited = () => gateway.lines.flatMap(({ audit }) => (audit === undefined ? [] : [audit]));

describe('a user who connects an account', () => {
  it('[UP-50] [UP-53] is asked by the client, agrees in a browser, and is known to the upstream', async () => {
    await using ada = await connectUser(gateway, 'ada');
    expect((await ada.client.listTools()).tools.map(({ name }) => name)).toEqual(['connect_account']);
    const { error } = await callTool(ada.client, 'whoami');
    expect(error).toMatchObject({ code: -32042, data: { elicitations: [{ mode: 'url' }] } });
    const [{ url = '' } = {}] = error?.data.elicitations ?? [];
    expect(new URL(url).origin).toBe(gateway.url);
    const last = await connectAccount(url, 'ada', 'ada-at-tickets');
    expect(last.text).toContain('Your account is connected');
    expect(await callTool(ada.client, 'whoami')).toEqual({ text: '{"sub":"ada-at-tickets"}' });
    expect((await ada.client.listTools()).tools.map(({ name }) => name)).toEqual(['whoami', 'budget']);
    expect(audited()).toContainEqual(
      expect.objectContaining({ event: 'account.connected', subject: 'ada', details: { upstream: 'tickets' } }),
    );
  });

  it('[UP-50] shares nothing with another user, also at the same time', async () => {
    const names = ['cleo', 'dora', 'eva'];
    const users = await Promise.all(names.map(name => connectUser(gateway, name)));
    const links = await Promise.all(users.map(({ client }) => linkOf(client)));
    expect(new Set(links).size).toBe(names.length);
    await Promise.all(
      links.map((link, index) => connectAccount(link, names[index] ?? '', `account-of-${names[index]}`)),
    );
    const answers = await Promise.all(users.map(({ client }) => callTool(client, 'whoami')));
    expect(answers).toEqual(names.map(name => ({ text: `{"sub":"account-of-${name}"}` })));
    for (const user of users) await user[Symbol.asyncDispose]();
  });

  it('[UP-53] gets the link in the message if the client shows no pages', async () => {
    await using finn = await connectUser(gateway, 'finn', {});
    const { error } = await callTool(finn.client, 'whoami');
    expect(error).toMatchObject({ code: -32039, data: { code: 'upstream_account_needed' } });
    expect(error?.message).toMatch(new RegExp(`${gateway.url}/connect/link/[\\w-]{43}$`));
  });

  it('[UP-53] [UP-50] is notified when the account is connected, and that the tools have changed', async () => {
    await using gina = await connectUser(gateway, 'gina');
    const heard: string[] = [];
    gina.client.setNotificationHandler('notifications/elicitation/complete', ({ params }) => {
      heard.push(params.elicitationId);
    });
    gina.client.setNotificationHandler('notifications/tools/list_changed', () => void heard.push('tools'));
    const { error } = await callTool(gina.client, 'whoami');
    const [{ url = '', elicitationId = '' } = {}] = error?.data.elicitations ?? [];
    await connectAccount(url, 'gina', 'gina');
    await expect.poll(() => heard).toEqual(expect.arrayContaining([elicitationId, 'tools']));
  });

  it('[UP-56] sees who asks for what on a page that nobody can frame, script or store', async () => {
    await using hugo = await connectUser(gateway, 'hugo');
    const browser = new Browser();
    const consent = await browser.pass(await browser.open(await linkOf(hugo.client)), 'hugo');
    for (const part of ['tickets', 'hugo', servers.server, 'openid, offline_access, tickets.read']) {
      expect(consent.text).toContain(part);
    }
    const headers = Object.fromEntries(consent.headers);
    expect(headers).toMatchObject({
      'cache-control': 'no-store',
      'referrer-policy': 'no-referrer',
      'x-frame-options': 'DENY',
      'content-security-policy': expect.stringMatching(
        /default-src 'none'.*frame-ancestors 'none'.*form-action 'self'/,
      ),
    });
    const [cookie = ''] = browser.seen[0]?.headers.getSetCookie() ?? [];
    expect(cookie).toMatch(/HttpOnly; SameSite=Lax/);
  });
});

describe('a link', () => {
  it('[UP-51] connects nothing for a victim to whom it was sent, and says so', async () => {
    await using mallory = await connectUser(gateway, 'mallory');
    const link = await linkOf(mallory.client);
    const victim = new Browser();
    const page = await connectAccount(link, 'victim', 'account-of-victim', victim);
    expect(page).toMatchObject({ status: 403, text: expect.stringContaining('made for another user') });
    expect(victim.seen.filter(({ url }) => atUpstreams(url))).toEqual([]);
    expect(await callTool(mallory.client, 'whoami')).toMatchObject(asked);
    expect(audited()).toContainEqual({
      ...{ event: 'account.refused', subject: 'mallory', tenant: 'sales' },
      details: { upstream: 'tickets', reason: 'connect_other_user', signed_in: 'victim', signed_in_tenant: 'sales' },
    });
    // Its own user can still use it.
    const own = await connectAccount(link, 'mallory', 'mallory', new Browser());
    expect(own.text).toContain('Your account is connected');
  });

  it('[UP-51] asks the next time who is there, if the wrong user was signed in', async () => {
    await using ines = await connectUser(gateway, 'ines');
    const link = await linkOf(ines.client);
    const browser = new Browser();
    expect(await connectAccount(link, 'another-ines', 'none', browser)).toMatchObject({ status: 403 });
    const page = await connectAccount(link, 'ines', 'ines-at-tickets', browser);
    expect(page.text).toContain('Your account is connected');
  });

  it('[UP-51] connects nothing in the browser of a victim who gets the URL of the authorization server', async () => {
    await using mallory = await connectUser(gateway, 'mallory-2');
    const browser = new Browser();
    const consent = await browser.pass(await browser.open(await linkOf(mallory.client)), 'mallory-2');
    const { url } = await browser.submit(consent, {}, atUpstreams);
    const victim = new Browser();
    const page = await victim.pass(await victim.open(url), 'account-of-victim');
    expect(page).toMatchObject({ status: 400, text: expect.stringContaining('not belong to a link') });
    expect(await callTool(mallory.client, 'whoami')).toMatchObject(asked);
  });

  it('[UP-51] connects nothing in the browser of a victim who gets the end of an attacker', async () => {
    await using mallory = await connectUser(gateway, 'mallory-3');
    await using victim = await connectUser(gateway, 'victim-3');
    const browser = new Browser();
    const consent = await browser.pass(await browser.open(await linkOf(mallory.client)), 'mallory-3');
    const stopped = await browser.pass(await browser.submit(consent), 'account-of-mallory', isCallback);
    expect(stopped.url.searchParams.get('code')).toBeTruthy();
    const theirs = new Browser();
    await theirs.pass(await theirs.open(await linkOf(victim.client)), 'victim-3');
    expect(await theirs.open(stopped.url)).toMatchObject({ status: 400 });
    expect(await callTool(victim.client, 'whoami')).toMatchObject(asked);
  });

  it('[UP-51] can be used once', async () => {
    await using jo = await connectUser(gateway, 'jo');
    const link = await linkOf(jo.client);
    expect(await linkOf(jo.client)).toBe(link);
    const browser = new Browser();
    await connectAccount(link, 'jo', 'jo', browser);
    const callback = browser.seen.find(({ url }) => isCallback(url))?.url ?? '';
    expect(await browser.open(callback)).toMatchObject({ status: 400 });
    expect(await browser.open(link)).toMatchObject({ status: 404 });
    expect(await new Browser().open(link)).toMatchObject({ status: 404 });
  });

  it.each([
    { what: 'a guessed link', path: `/connect/link/${'a'.repeat(43)}`, status: 404 },
    { what: 'an end without a beginning', path: '/connect/callback/tickets?code=x&state=y', status: 400 },
    { what: 'a sign-in without a beginning', path: '/connect/signed-in?code=x&state=y', status: 400 },
    { what: 'an end at another upstream', path: '/connect/callback/other?code=x&state=y', status: 400 },
  ])('[UP-51] $what is refused', async ({ path, status }) => {
    const shown = await new Browser().open(gateway.url + path);
    expect(shown).toMatchObject({ status, text: expect.stringContaining('Not connected') });
  });

  const forgeries = [
    { what: 'without the text that is in the form', form: { csrf: 'x' } },
    { what: 'from a page of another site', headers: { origin: 'https://evil.example' } },
    { what: 'that a browser says is from another site', headers: { 'sec-fetch-site': 'cross-site' } },
    { what: 'from a browser without the cookie', headers: { cookie: '' } },
    { what: 'with the cookie twice', twice: true },
    { what: 'of another type', headers: { 'content-type': 'text/plain' } },
  ];
  it('[UP-51] is not used by a form that the user did not send', async () => {
    await using kim = await connectUser(gateway, 'kim');
    const link = await linkOf(kim.client);
    const browser = new Browser();
    const consent = await browser.pass(await browser.open(link), 'kim');
    const [, csrf = ''] = /name="csrf" value="([^"]+)"/.exec(consent.text) ?? [];
    const cookie = [...(browser.cookies.get(gateway.url) ?? [])].map(pair => pair.join('=')).join('; ');
    for (const { what, form = { csrf }, headers, twice } of forgeries) {
      const sent = {
        'content-type': 'application/x-www-form-urlencoded',
        cookie: twice ? `${cookie}; ${cookie}` : cookie,
      };
      const body = new URLSearchParams(form).toString();
      const init = { method: 'POST', body, redirect: 'manual', headers: { ...sent, ...headers } } as const;
      expect({ what, status: (await fetch(link, init)).status }).toEqual({ what, status: 400 });
    }
    expect((await browser.pass(await browser.submit(consent), 'kim')).text).toContain('Your account is connected');
  });
});

describe('the answer of an authorization server', () => {
  it.each([
    { what: 'a refusal of the user', change: { code: undefined, error: 'access_denied' }, says: 'You did not agree' },
    { what: 'an error', change: { code: undefined, error: 'server_error' }, says: 'could not be connected' },
    { what: 'the name of another server', change: { iss: 'https://evil.example' }, says: 'could not be connected' },
    { what: 'no name of a server', change: { iss: undefined }, says: 'could not be connected' },
    { what: 'a code that it did not issue', change: { code: 'another' }, says: 'could not be connected' },
  ])('[UP-51] is not accepted with $what', async ({ what, change, says }) => {
    const name = `user-of-${what.replaceAll(' ', '-')}`;
    await using user = await connectUser(gateway, name);
    const browser = new Browser();
    const consent = await browser.pass(await browser.open(await linkOf(user.client)), name);
    const stopped = await browser.pass(await browser.submit(consent), name, isCallback);
    const { url } = stopped;
    for (const [key, value] of Object.entries(change)) {
      url.searchParams.delete(key);
      if (value !== undefined) url.searchParams.set(key, value);
    }
    const shown = await browser.open(url);
    expect(shown.status).toBeGreaterThanOrEqual(400);
    expect(shown.text).toContain(says);
    expect(await callTool(user.client, 'whoami')).toMatchObject(asked);
  });
});

it('[UP-50] the configuration of the documents lets users connect accounts', async () => {
  const own = await keep(startAccountServers());
  const blocks = blocksOf('docs/upstream-credentials.md').filter(({ text }) => text.includes('authorization_code:'));
  expect(blocks).toHaveLength(1);
  const documented = await keep(openAccountGateway(own, { documented: blocks[0]?.text ?? '' }));
  await using ada = await connectUser(documented, 'ada');
  await connectAccount(await linkOf(ada.client), 'ada', 'ada-at-tickets');
  expect(await callTool(ada.client, 'whoami')).toEqual({ text: '{"sub":"ada-at-tickets"}' });
});

it('[UP-53] an upstream among several is visible by one tool until the account is connected', async () => {
  const own = await keep(startAccountServers());
  const other = await keep(startRawHttpServer({}));
  const several = await keep(openAccountGateway(own, { others: [{ id: 'echo', http: { url: other.url } }] }));
  await using ada = await connectUser(several, 'ada');
  const names = async () => (await ada.client.listTools()).tools.map(({ name }) => name);
  expect(await names()).toEqual(expect.arrayContaining(['tickets__connect_account', 'echo__echo']));
  const { error } = await callTool(ada.client, 'tickets__connect_account');
  const [{ url = '' } = {}] = error?.data.elicitations ?? [];
  await connectAccount(url, 'ada', 'ada-at-tickets');
  await expect.poll(names).toEqual(expect.arrayContaining(['tickets__whoami', 'echo__echo']));
  expect(await names()).not.toContain('tickets__connect_account');
  expect(await callTool(ada.client, 'tickets__whoami')).toEqual({ text: '{"sub":"ada-at-tickets"}' });
  expect(several.lines.filter(({ msg }) => msg === 'leaving out an upstream')).toEqual([]);
});

describe('accounts in the store', () => {
  it('[UP-52] outlive the gateway, are encrypted, and are worthless with another key', async () => {
    const own = await keep(startAccountServers());
    const accounts = await temporaryFolder();
    const [first, second] = [newKey(), newKey()];
    let logged = '';
    const seen = async (keys: readonly string[], connects = false) => {
      await using opened = await openAccountGateway(own, { keys, accounts });
      await using lea = await connectUser(opened, 'lea');
      if (connects) await connectAccount(await linkOf(lea.client), 'lea', 'lea-at-tickets');
      const { text, error } = await callTool(lea.client, 'whoami');
      logged += JSON.stringify(opened.lines);
      return text ?? error?.code;
    };
    expect(await seen([first], true)).toContain('lea-at-tickets');
    const files = await readdir(accounts);
    const stored = (await Promise.all(files.map(name => readFile(join(accounts, name), 'latin1')))).join('');
    expect(stored).toContain('lea');
    expect(stored).not.toMatch(/eyJ|accessToken|lea-at-tickets/);
    expect(await seen([newKey()])).toBe(-32042);
    expect(await seen([first])).toContain('lea-at-tickets');
    expect(await seen([second, first])).toContain('lea-at-tickets');
    // It was encrypted again, so the earlier key is needed no more.
    expect(await seen([second])).toContain('lea-at-tickets');
    expect(await seen([first])).toBe(-32042);
    expect(logged).toContain('lea');
    expect(logged).not.toMatch(/eyJ|connect\/link|the secret/);
  });
});
