import { EventEmitter } from 'node:events';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Fault } from '../core/fault.ts';
import { createLog } from '../core/log.ts';
import { createPrincipal } from '../identity/principal.ts';
import { CallerRecheck, type CallerRecheckOptions } from './caller-recheck.ts';
import type { OpenRequest } from './open-request.ts';
import type { Arrival } from './step/step.ts';

const ada = createPrincipal({ scheme: 'test', subject: 'ada' });
const bob = createPrincipal({ scheme: 'test', subject: 'bob' });
const minutes = (count: number) => vi.advanceTimersByTimeAsync(count * 60_000);

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

type Pass = (arrival: Arrival) => void;

/** A stream and a call of ada, whose credentials are checked by `pass`. */
function open(pass: Pass, options: Partial<CallerRecheckOptions> = {}) {
  const destroy = vi.fn();
  const outgoing = Object.assign(new EventEmitter(), { destroy });
  const about = { id: 'r', incoming: {}, binding: 'main', principal: ada, began: performance.now() };
  const stream = { ...about, outgoing } as unknown as OpenRequest;
  const cut = vi.fn();
  const call = { ...about, outgoing: {}, isAccepted: true, isPart: false, isAnswered: false, cut };
  const recheck = new CallerRecheck({
    ...{ authenticate: { name: 'authenticate', pass }, running: [call as unknown as OpenRequest] },
    ...{ expiredMs: 10 * 60_000, isUnverified: () => false, log: createLog('silent'), ...options },
  });
  recheck.addStream(stream);
  return {
    call,
    isStreamOpen: () => destroy.mock.calls.length === 0,
    /** Why the call was ended; undefined while it runs. */
    ended: () => (cut.mock.calls[0]?.[0] as Fault | undefined)?.details,
    change: (authenticate: Pass | undefined) =>
      recheck.changeTo({
        authenticate: authenticate && { name: 'authenticate', pass: authenticate },
        expiredMs: 1_000,
      }),
    [Symbol.dispose]: () => recheck[Symbol.dispose](),
  };
}

const refuse =
  (reason?: string, code: Fault['code'] = 'credentials_refused') =>
  () => {
    throw new Fault(code, reason === undefined ? {} : { reason, scheme: 'keys' });
  };
const become =
  (principal: typeof ada): Pass =>
  arrival => {
    arrival.principal = principal;
  };

describe('an open stream and a running call [GW-158] [GW-172]', () => {
  it.each<{ what: string; pass: Pass; reason: string; options?: Partial<CallerRecheckOptions> }>([
    { what: 'its key is revoked', pass: refuse('revoked'), reason: 'revoked' },
    { what: 'its token is not active', pass: refuse('inactive'), reason: 'inactive' },
    { what: 'its credentials are unknown', pass: refuse(), reason: 'credentials_refused' },
    { what: 'they are those of another caller', pass: become(bob), reason: 'another_caller' },
    { what: 'no scheme knows its caller', pass: refuse(undefined, 'unauthenticated'), reason: 'unauthenticated' },
    {
      what: 'its certificate may be revoked',
      pass: become(ada),
      options: { isUnverified: () => true },
      reason: 'certificates_replaced',
    },
  ])('end when $what', async ({ pass, options, reason }) => {
    using opened = open(pass, options);
    await vi.advanceTimersByTimeAsync(4_000);
    expect([opened.isStreamOpen(), opened.ended()]).toEqual([true, undefined]);
    await vi.advanceTimersByTimeAsync(6_000);
    expect([opened.isStreamOpen(), opened.ended()?.reason]).toEqual([false, reason]);
  });

  it.each(['identity_unavailable', 'authentication_throttled', 'overloaded'] as const)(
    'go on for minutes after the caller was accepted last, but no longer, with %s',
    async code => {
      let isChecked = true;
      using opened = open(() => {
        if (!isChecked) throw new Fault(code);
      });
      await minutes(10);
      isChecked = false;
      await minutes(4);
      isChecked = true;
      await minutes(1);
      isChecked = false;
      await minutes(4);
      expect([opened.isStreamOpen(), opened.ended()]).toEqual([true, undefined]);
      await minutes(2);
      expect([opened.isStreamOpen(), opened.ended()]).toEqual([false, { reason: code }]);
    },
  );

  it('differ when their credentials expire: the call goes on for a limited time', async () => {
    using opened = open(refuse('expired'));
    await minutes(1);
    expect([opened.isStreamOpen(), opened.ended()]).toEqual([false, undefined]);
    await minutes(8);
    expect(opened.ended()).toBeUndefined();
    await minutes(2);
    expect(opened.ended()).toEqual({ reason: 'expired', scheme: 'keys' });
  });

  it('differ in nothing where the limit is zero', async () => {
    using opened = open(refuse('expired'), { expiredMs: 0 });
    await minutes(1);
    expect([opened.isStreamOpen(), opened.ended()?.reason]).toEqual([false, 'expired']);
  });

  it('are left alone once the call is answered, with the whole of a batch, and if no binding accepted the caller', async () => {
    const passed = vi.fn(refuse('revoked'));
    using other = open(passed);
    Object.assign(other.call, { isAccepted: false });
    other.change(passed);
    using answered = open(passed);
    Object.assign(answered.call, { isAnswered: true });
    using part = open(passed);
    Object.assign(part.call, { isPart: true });
    await minutes(1);
    expect([answered.ended(), part.ended(), other.ended()]).toEqual([undefined, undefined, undefined]);
  });
});

describe('an open stream and a running call [RUN-153]', () => {
  it.each([
    { what: 'a scheme that knows nothing of their caller', pass: refuse(), reason: 'credentials_refused' },
    { what: 'no scheme', pass: undefined, reason: 'another_caller' },
  ])('end at once when a reload leaves $what', async ({ pass, reason }) => {
    using opened = open(become(ada));
    await minutes(1);
    expect(opened.isStreamOpen()).toBe(true);
    opened.change(pass);
    await vi.advanceTimersByTimeAsync(0);
    expect(opened.isStreamOpen()).toBe(false);
    expect(opened.ended()).toMatchObject({ reason });
  });
});
