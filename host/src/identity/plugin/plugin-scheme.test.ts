import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { Credentials, Identification } from '../../contract/generated/types.js';
import type { ChainInput, ChainOutput, FailureCause } from '../../contract/hook-call.ts';
import { Fault } from '../../core/fault.ts';
import { silentLog } from '../../core/log.ts';
import { Receipts } from '../../hook/receipt.ts';
import { peerAddress } from '../client-address.ts';
import { VerificationBudget } from '../verification-budget.ts';
import { PluginCalls } from './plugin-calls.ts';
import { createPluginScheme, type PluginSchemeOptions } from './plugin-scheme.ts';

type Answer = Identification | { readonly tag: 'failed'; readonly cause: FailureCause } | Fault;

/** A plugin that answers as `answers` says, and what it was asked. */
function plugin(answers: (credentials: Credentials) => Answer | Promise<Answer>) {
  const asked: Credentials[] = [];
  const run = async (input: ChainInput): Promise<ChainOutput> => {
    const credentials = input.value as Credentials;
    asked.push(credentials);
    const answer = await answers(credentials);
    if (answer instanceof Fault) throw answer;
    const report = { plugin: 'sessions', wallMs: 1 };
    switch (answer.tag) {
      case 'known':
        return { reports: [{ ...report, outcome: 'respond' }], identified: answer.val };
      case 'refuse':
        return { reports: [{ ...report, outcome: 'block', violation: answer.val }] };
      case 'failed':
        return { reports: [{ ...report, outcome: 'failed', cause: answer.cause, message: 'for the test' }] };
      case 'unknown':
        return { reports: [{ ...report, outcome: 'proceed' }] };
    }
  };
  const loaded = { id: 'sessions', version: '1.0.0', digest: 'sha256:0', hooks: new Set<never>() };
  const calls = (plugins = [loaded]) => new PluginCalls({ plugins, runner: { run }, log: silentLog() });
  return { asked, calls };
}

const known = (subject: string, more: object = {}): Identification => ({
  tag: 'known',
  val: { subject, scopes: [], claims: '{}', ...more },
});
const violation = { code: 'SESSION_ENDED', reason: 'The session s-1 has ended.', description: '' };

function open(calls: () => PluginCalls, more: Partial<PluginSchemeOptions> = {}) {
  return createPluginScheme({
    ...{ id: 'legacy', plugin: 'sessions', header: 'x-session', cacheMs: 60_000, subjects: 'prefixed' },
    ...{ tenants: [], scopes: [], claims: [], schemes: ['legacy', 'staff'] },
    ...{ isForeign: text => text.startsWith('sallyport_'), calls, mask: text => text.replaceAll('s-1', '[masked]') },
    addressOf: peerAddress,
    budget: new VerificationBudget(),
    ...more,
  });
}

/** A request from an address, with headers as alternating names and values. */
function request(...rawHeaders: string[]): IncomingMessage {
  const socket = Object.defineProperty(new Socket(), 'remoteAddress', { value: '203.0.113.9' });
  const headers = Object.fromEntries(
    rawHeaders.flatMap((name, at) => (at % 2 === 0 ? [[name.toLowerCase(), rawHeaders[at + 1]]] : [])),
  );
  return Object.assign(new IncomingMessage(socket), { headers, rawHeaders, method: 'POST' });
}

beforeEach(() => void vi.useFakeTimers({ toFake: ['Date'] }));

describe('the credentials that a plugin is asked about [GW-200]', () => {
  const cases: [settings: Partial<PluginSchemeOptions>, headers: string[], asked: Credentials | undefined][] = [
    [{}, ['X-Session', ' abc '], { header: 'x-session', value: 'abc' }],
    [{}, ['x-session', ''], undefined],
    [{}, ['authorization', 'Bearer abc'], undefined],
    [
      { header: 'authorization' },
      ['Authorization', 'BEARER  abc d'],
      { header: 'authorization', scheme: 'bearer', value: 'abc d' },
    ],
    [{ header: 'authorization' }, ['Authorization', 'Bearer'], undefined],
    [{ header: 'authorization' }, ['Authorization', 'Bearer sallyport_abc'], undefined],
    [{ header: 'authorization', authorization: 'ticket' }, ['Authorization', 'Bearer abc'], undefined],
    [
      { header: 'authorization', authorization: 'ticket' },
      ['Authorization', 'Ticket abc'],
      { header: 'authorization', scheme: 'ticket', value: 'abc' },
    ],
  ];
  it.each(cases)('%j %j', async (settings, headers, expected) => {
    const { asked, calls } = plugin(() => known('ada'));
    const loaded = calls();
    await open(() => loaded, settings)(request(...headers), 'main');
    expect(asked).toEqual(expected === undefined ? [] : [expected]);
  });

  it.each([
    ['ambiguous', ['x-session', 'a', 'X-Session', 'b']],
    ['malformed', ['x-session', 'a'.repeat(8 * 1024 + 1)]],
  ])('are not %s', (reason, headers) => {
    const { asked, calls } = plugin(() => known('ada'));
    const loaded = calls();
    expect(() => open(() => loaded)(request(...headers), 'main')).toThrow(
      expect.objectContaining({ code: 'credentials_refused', details: expect.objectContaining({ reason }) }),
    );
    expect(asked).toEqual([]);
  });
});

describe('what a plugin says of credentials', () => {
  const session = () => request('x-session', 'abc');

  it('[GW-201] is remembered, for as long as the plugin and the operator say', async () => {
    const { asked, calls } = plugin(() => known('ada', { validForS: 30 }));
    const loaded = calls();
    const identify = open(() => loaded);
    const both = await Promise.all([identify(session(), 'main'), identify(session(), 'other')]);
    expect(both[0]).toMatchObject({ scheme: 'legacy', subject: 'legacy:ada' });
    expect(both[1]).toBe(both[0]);
    expect(identify(session(), 'main')).toBe(both[0]);
    vi.advanceTimersByTime(29_999);
    expect(identify(session(), 'main')).toBe(both[0]);
    expect(asked).toHaveLength(1);
    vi.advanceTimersByTime(1);
    await identify(session(), 'main');
    expect(asked).toHaveLength(2);
  });

  it.each([
    ['no longer than the operator says', { cacheMs: 5_000 }, known('ada', { validForS: 3_600 }), 5_000],
    ['not at all if it holds for no time', {}, known('ada', { validForS: 0 }), 0],
    ['not at all if the operator says so', { cacheMs: 0 }, known('ada'), 0],
    ['for ten seconds if it refuses', {}, { tag: 'refuse', val: violation }, 10_000],
    ['for ten seconds if it knows nothing', {}, { tag: 'unknown' }, 10_000],
    ['not at all if it fails', {}, { tag: 'failed', cause: 'trap' }, 0],
  ] as [string, Partial<PluginSchemeOptions>, Answer, number][])(
    '[GW-201] is remembered %s',
    async (_, settings, answer, ms) => {
      const { asked, calls } = plugin(() => answer);
      const loaded = calls();
      const scheme = open(() => loaded, settings);
      const identify = async () => scheme(session(), 'main');
      await identify().catch(() => {});
      if (ms > 0) {
        vi.advanceTimersByTime(ms - 1);
        await identify().catch(() => {});
        expect(asked).toHaveLength(1);
        vi.advanceTimersByTime(1);
      }
      await identify().catch(() => {});
      expect(asked).toHaveLength(2);
    },
  );

  it('[GW-201] is forgotten when the plugin is replaced', async () => {
    const before = plugin(() => known('ada'));
    const after = plugin(() => known('bob'));
    let loaded = before.calls();
    const identify = open(() => loaded);
    expect(await identify(session(), 'main')).toMatchObject({ subject: 'legacy:ada' });
    loaded = after.calls();
    expect(await identify(session(), 'main')).toMatchObject({ subject: 'legacy:bob' });
  });

  it('[GW-202] is not told to clients when it refuses, and the log gets it without secrets', async () => {
    const { calls } = plugin(() => ({ tag: 'refuse', val: violation }));
    const loaded = calls();
    const receipts = new Receipts();
    await expect(open(() => loaded)(session(), 'main', { id: 'r', call: { receipts } })).rejects.toMatchObject({
      ...{ code: 'credentials_refused' },
      details: {
        scheme: 'legacy',
        reason: 'refused_by_plugin',
        what: 'SESSION_ENDED: The session [masked] has ended.',
      },
    });
    expect(receipts.written).toMatchObject([{ plugin: 'sessions', hook: 'identify', outcome: 'block' }]);
  });

  it.each([
    ['trap', 'trap', { tag: 'failed', cause: 'trap' }],
    ['loop', 'timeout', { tag: 'failed', cause: 'timeout' }],
    ['exceed a limit', 'limit', { tag: 'failed', cause: 'limit' }],
    ['state an empty subject', 'invalid_output', known('')],
    ['state a tenant that it may not', 'invalid_output', known('ada', { tenant: 'acme' })],
    ['find no lane', 'unavailable', new Fault('lanes_closed')],
  ] as [string, string, Answer][])('[GW-203] identifies nobody if its call should %s', async (_, reason, answer) => {
    const { calls } = plugin(() => answer);
    const loaded = calls();
    const receipts = new Receipts();
    await expect(open(() => loaded)(session(), 'main', { call: { receipts } })).rejects.toMatchObject({
      ...{ code: 'identity_unavailable', details: { scheme: 'legacy', plugin: 'sessions', reason } },
    });
    expect(receipts.written).toMatchObject([{ hook: 'identify', outcome: 'failed', cause: reason }]);
  });

  it('[GW-203] identifies nobody if it is not loaded', async () => {
    const { calls } = plugin(() => known('ada'));
    const loaded = calls([]);
    await expect(open(() => loaded)(session(), 'main')).rejects.toMatchObject({
      details: { reason: 'unavailable' },
    });
  });
});

describe('the budget of an address [GW-204]', () => {
  const sent = async (answer: Answer, count: number) => {
    const { asked, calls } = plugin(() => answer);
    const loaded = calls();
    const scheme = open(() => loaded, { budget: new VerificationBudget(() => 0) });
    const codes: string[] = [];
    for (let at = 0; at < count; at += 1) {
      const identify = async () => scheme(request('x-session', `s${at}`), 'main');
      await identify().catch(error => codes.push(error.code));
    }
    return { asked: asked.length, last: codes.at(-1) };
  };

  it.each([
    ['refuses', { tag: 'refuse', val: violation }],
    ['does not know', { tag: 'unknown' }],
    ['fails for', { tag: 'failed', cause: 'timeout' }],
  ] as [string, Answer][])('is used by credentials that the plugin %s', async (_, answer) => {
    expect(await sent(answer, 201)).toEqual({ asked: 200, last: 'authentication_throttled' });
  });

  it.each([
    ['accepts', known('ada')],
    ['was never asked about', { tag: 'failed', cause: 'unavailable' }],
    ['could not be asked about because the gateway is busy', new Fault('overloaded')],
  ] as [string, Answer][])('is not used by credentials that the plugin %s', async (_, answer) => {
    expect((await sent(answer, 201)).asked).toBe(201);
  });
});
