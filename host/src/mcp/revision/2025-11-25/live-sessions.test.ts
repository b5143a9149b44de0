import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Canceller } from '../../../core/canceller.ts';
import type { MaybePromise } from '../../../core/maybe-promise.ts';
import { MemorySessions } from '../../../state/memory/sessions.ts';
import type { SessionStore } from '../../../state/session-store.ts';
import type { RequestedBinding, SessionLimit } from '../gateway-port.ts';
import type { NotificationStream } from '../reply.ts';
import type { SessionLimits } from '../session-limits.ts';
import { AddressShare } from './address-share.ts';
import { type Session, Sessions } from './live-sessions.ts';

beforeEach(() => void vi.useFakeTimers());
const opened: Disposable[] = [];
afterEach(() => {
  for (const each of opened.splice(0)) each[Symbol.dispose]();
  vi.useRealTimers();
});

const hour = 3_600_000;
/** Ids of sessions whose upstreams were disposed. */
let closed = 0;

const onClose = () => {
  closed += 1;
};

/** A store in memory answers at once, so that no request waits for it. */
function atOnce<T>(value: MaybePromise<T>): T {
  if (value instanceof Promise) throw new Error('a promise');
  return value;
}

const bindingOf = (id: string, principalKey = '', sessionLimits: readonly SessionLimit[] = []): RequestedBinding => ({
  id,
  principalKey,
  sessionLimits,
  reachUpstreams: async () => {},
  openClient: () => ({
    describe: () => ({ implementation: {}, capabilities: {} }),
    connect() {},
    async setLogLevel() {},
    [Symbol.dispose]: onClose,
  }),
  dispatch: () => Promise.reject(new Error('not called')),
});
const main = bindingOf('main');

function open(limits: Partial<SessionLimits> = {}, store?: SessionStore) {
  closed = 0;
  const sessions = new Sessions({
    limits: { sessions: 8, streams: 8, session_idle_ms: hour, address_share: 0.5, ...limits },
    store: store ?? new MemorySessions(limits.session_idle_ms ?? hour),
    onNotification() {},
  });
  opened.push(sessions);
  const begin = (clientAddress: string, binding = main): Session =>
    atOnce(sessions.create({ binding, revision: '2025-11-25', clientCapabilities: {}, clientAddress }));
  const find = (id: string | undefined, binding = main) => atOnce(sessions.find(id, binding));
  const isThereFor = ({ facts: { id } }: Session, binding: RequestedBinding) => {
    try {
      return find(id, binding).facts.id === id;
    } catch {
      return false;
    }
  };
  const isThere = (session: Session) => isThereFor(session, main);
  return { sessions, begin, find, isThere, isThereFor };
}
const stream = (): NotificationStream => ({ waiting: 0, notify: () => undefined, end: vi.fn() });
const refusal = (code: string, setting: string) =>
  expect.objectContaining({ code, hint: expect.stringContaining(setting) });

it('limits the sessions of a tenant and of a caller, and ends abandoned ones of theirs only [GW-124]', () => {
  const { begin, isThereFor } = open({ address_share: 1 });
  const create = (binding: RequestedBinding) => begin('192.0.2.1', binding);
  const refusing = vi.fn();
  const tenant = { owner: 'tenant a', most: 3, setting: 'limits.sessions', refused: refusing };
  const caller = (name: string) =>
    bindingOf('main', name, [tenant, { owner: name, most: 2, setting: 'caller_limits.sessions', refused: refusing }]);
  const refused = (setting: string) =>
    expect.objectContaining({ code: 'quota_exceeded', details: expect.objectContaining({ setting }) });
  const first = create(caller('ada'));
  vi.advanceTimersByTime(61_000);
  const second = create(caller('ada'));
  const third = create(caller('bob'));
  expect(() => create(caller('bob'))).not.toThrow();
  // The one of ada that was abandoned made room for it.
  expect(isThereFor(first, caller('ada'))).toBe(false);
  expect(() => create(caller('ada'))).toThrow(refused('limits.sessions'));
  expect(() => create(caller('bob'))).toThrow(refused('limits.sessions'));
  for (const [session, name] of [
    [second, 'ada'],
    [third, 'bob'],
  ] as const)
    expect(isThereFor(session, caller(name))).toBe(true);
  create(bindingOf('main', 'eve'));
  const alone = (most: number) =>
    bindingOf('main', 'eve', [{ owner: 'eve', most, setting: 'caller_limits.sessions', refused: refusing }]);
  create(alone(1));
  expect(() => create(alone(1))).toThrow(refused('caller_limits.sessions'));
  expect(refusing).toHaveBeenCalledTimes(3);
});

describe('sessions', () => {
  it('are not begun at a binding that was removed meanwhile [RUN-152]', () => {
    const { sessions, begin } = open();
    const { openClient } = main;
    const removed: RequestedBinding = {
      ...main,
      openClient(listener) {
        listener.onRemoved?.();
        return openClient(listener);
      },
    };
    expect(() => begin('192.0.2.1', removed)).toThrow(expect.objectContaining({ code: 'session_unknown' }));
    expect([sessions.held.sessions, closed]).toEqual([0, 1]);
  });

  it('leave room for others, however many one address wants [GW-100]', () => {
    const { begin, isThere } = open();
    const greedy = Array.from({ length: 4 }, () => begin('192.0.2.1'));
    expect(() => begin('192.0.2.1')).toThrow(refusal('sessions_exhausted', 'limits.address_share'));
    const [first, second] = [begin('192.0.2.2'), begin('192.0.2.2')];
    // What is left is divided again.
    expect(() => begin('192.0.2.2')).toThrow(refusal('sessions_exhausted', 'limits.address_share'));
    begin('192.0.2.3');
    begin('192.0.2.4');
    expect(() => begin('192.0.2.5')).toThrow(refusal('sessions_exhausted', '`limits.sessions`'));
    expect([...greedy, first, second].every(isThere)).toBe(true);
  });

  it('of one address that has its share make room for each other after a minute, and for no one else [GW-100]', () => {
    const { begin, isThere } = open();
    const honest = begin('192.0.2.9');
    vi.advanceTimersByTime(1);
    const greedy = Array.from({ length: 3 }, () => begin('192.0.2.1'));
    vi.advanceTimersByTime(61_000);
    begin('192.0.2.1');
    expect([isThere(honest), greedy.filter(isThere).length, closed]).toEqual([true, 2, 1]);
  });

  it('are taken from the address that has most when there are no more [GW-100]', () => {
    const { begin, isThere } = open({ address_share: 1 });
    const honest = begin('192.0.2.9');
    vi.advanceTimersByTime(1);
    const greedy = Array.from({ length: 7 }, () => begin('192.0.2.1'));
    vi.advanceTimersByTime(61_000);
    begin('192.0.2.9');
    expect([isThere(honest), greedy.filter(isThere).length]).toEqual([true, 6]);
  });

  it('end after an hour in which nothing happens [GW-101]', () => {
    const { sessions, begin, find } = open();
    const [idle, asking, listening, running] = ['1', '2', '3', '4'].map(last => begin(`192.0.2.${last}`));
    if (!idle || !asking || !listening || !running) throw new Error('no sessions');
    const kept = stream();
    sessions.addStream(listening, () => kept);
    running.running.add({ key: 1, canceller: new Canceller() });
    for (let minutes = 0; minutes < 90; minutes += 30) {
      vi.advanceTimersByTime(hour / 2);
      find(asking.facts.id);
    }
    expect(closed).toBe(1);
    expect(() => find(idle.facts.id)).toThrow(expect.objectContaining({ code: 'session_unknown' }));
    sessions.removeStream(listening, kept);
    vi.advanceTimersByTime(hour + 60_000);
    expect(closed).toBe(3);
  });

  it('are not found for another binding, nor for another caller [GW-113]', () => {
    const { begin, find } = open();
    const { facts } = begin('192.0.2.1');
    expect(() => find(facts.id, bindingOf('other'))).toThrow(expect.objectContaining({ code: 'session_unknown' }));
    expect(() => find(facts.id, bindingOf('main', 'ada'))).toThrow(
      expect.objectContaining({ code: 'session_unknown' }),
    );
    expect(() => find(undefined)).toThrow(expect.objectContaining({ code: 'session_missing' }));
  });

  it('go on in another process that has the same store, with their log level', async () => {
    const store = new MemorySessions(hour);
    const one = open({}, store);
    const session = one.begin('192.0.2.1');
    await one.sessions.setLogLevel(session, 'debug');
    one.sessions[Symbol.dispose]();
    const other = open({}, store);
    expect(other.find(session.facts.id).facts).toMatchObject({ id: session.facts.id, logLevel: 'debug' });
    atOnce(other.sessions.end(session));
    expect(() => other.find(session.facts.id)).toThrow(expect.objectContaining({ code: 'session_unknown' }));
  });

  it('may be stored where every answer takes time', async () => {
    const memory = new MemorySessions(hour);
    const store: SessionStore = {
      create: async facts => memory.create(facts),
      find: async id => memory.find(id),
      touch: async (id, at) => memory.touch(id, at),
      setLogLevel: async (id, level) => memory.setLogLevel(id, level),
      end: async id => memory.end(id),
      dropIdle: async () => memory.dropIdle(),
    };
    const { sessions } = open({}, store);
    const about = { binding: main, revision: '2025-11-25', clientCapabilities: {}, clientAddress: '192.0.2.1' };
    const { facts } = await sessions.create(about);
    expect(await sessions.find(facts.id, main)).toMatchObject({ facts });
    await sessions.end({ ...(await sessions.find(facts.id, main)) });
    await expect(sessions.find(facts.id, main)).rejects.toMatchObject({ code: 'session_unknown' });
  });

  it('give back what they hold when they end', () => {
    const { sessions, begin } = open({ sessions: 2 });
    for (let count = 0; count < 10; count += 1) {
      const session = begin('192.0.2.1');
      sessions.addStream(session, () => stream());
      atOnce(sessions.end(session));
      atOnce(sessions.end(session));
    }
    expect(closed).toBe(10);
  });
});

describe('streams', () => {
  it('are limited by themselves, and divided among addresses [GW-102]', () => {
    const { sessions, begin } = open({ streams: 4, sessions: 100 });
    const session = begin('192.0.2.1');
    const [first, second] = [stream(), stream()];
    sessions.addStream(session, () => first);
    sessions.addStream(session, () => second);
    expect(() => sessions.addStream(begin('192.0.2.1'), () => stream())).toThrow(
      refusal('streams_exhausted', 'limits.address_share'),
    );
    sessions.addStream(begin('192.0.2.2'), () => stream());
    sessions.addStream(begin('192.0.2.3'), () => stream());
    expect(() => sessions.addStream(begin('192.0.2.4'), () => stream())).toThrow(
      refusal('streams_exhausted', '`limits.streams`'),
    );
    sessions.removeStream(session, first);
    sessions.addStream(begin('192.0.2.4'), () => stream());
  });

  it('of one session replace each other', () => {
    const { sessions, begin } = open();
    const session = begin('192.0.2.1');
    const streams = Array.from({ length: 6 }, stream);
    for (const each of streams) sessions.addStream(session, () => each);
    expect(session.streams).toEqual(streams.slice(2));
    expect(streams.map(({ end }) => vi.mocked(end).mock.calls.length)).toEqual([1, 1, 0, 0, 0, 0]);
  });
});

it('always has one place for an address', () => {
  const share = new AddressShare(2, 0.01);
  expect(share.isSpent('a')).toBe(false);
  share.take('a');
  expect([share.isSpent('a'), share.isSpent('b'), share.isFull]).toEqual([true, false, false]);
});
