import { EventEmitter } from 'node:events';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Fault } from '../core/fault.ts';
import { createLog } from '../core/log.ts';
import { createPrincipal } from '../identity/principal.ts';
import { KeptStreams } from './kept-streams.ts';
import type { OpenRequest } from './open-request.ts';
import type { Step } from './step/step.ts';

const ada = createPrincipal({ scheme: 'test', subject: 'ada' });
const minutes = (count: number) => vi.advanceTimersByTimeAsync(count * 60_000);

/** A stream of ada, whose credentials are checked by `pass`. */
function open(pass: Step['pass']) {
  const streams = new KeptStreams({ name: 'authenticate', pass }, () => false, createLog('silent'));
  const destroy = vi.fn();
  const outgoing = Object.assign(new EventEmitter(), { destroy });
  streams.add({ id: 'r', incoming: {}, outgoing, binding: 'main', principal: ada } as unknown as OpenRequest);
  return { streams, isOpen: () => destroy.mock.calls.length === 0 };
}

describe('an open stream [GW-158]', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('ends when its caller is refused', async () => {
    const { streams, isOpen } = open(() => {
      throw new Fault('credentials_refused');
    });
    await minutes(1);
    expect(isOpen()).toBe(false);
    streams[Symbol.dispose]();
  });

  it.each(['identity_unavailable', 'authentication_throttled'] as const)(
    'stays for minutes after the caller was accepted last, but no longer, with %s',
    async code => {
      let isChecked = true;
      const { streams, isOpen } = open(() => {
        if (!isChecked) throw new Fault(code);
      });
      await minutes(10);
      isChecked = false;
      await minutes(4);
      expect(isOpen()).toBe(true);
      isChecked = true;
      await minutes(1);
      isChecked = false;
      await minutes(4);
      expect(isOpen()).toBe(true);
      await minutes(2);
      expect(isOpen()).toBe(false);
      streams[Symbol.dispose]();
    },
  );
});
