import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { RequestTimer, requestTimes } from './request-timer.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const limits = {
  idle: { ms: 100, setting: 'limits.request_timeout_ms' },
  whole: { ms: 250, setting: 'upstreams.up.max_timeout_ms' },
  startTimeoutMs: 1,
  maxAnswerBytes: 1,
};

function open(options = {}) {
  const expired: unknown[] = [];
  const timer = new RequestTimer('up', 'tools/call', requestTimes(options, limits), fault => expired.push(fault));
  return { timer, expired };
}
const after = (ms: number, setting: string) => [
  expect.objectContaining({
    code: 'upstream_timeout',
    details: { upstream: 'up', method: 'tools/call', after_ms: ms, setting },
  }),
];

it('ends a request that shows no progress [UP-25]', () => {
  const { expired } = open();
  vi.advanceTimersByTime(99);
  expect(expired).toEqual([]);
  vi.advanceTimersByTime(1);
  expect(expired).toEqual(after(100, 'limits.request_timeout_ms'));
});

it('gives a request that shows progress its time again, up to the maximum [UP-25]', () => {
  const { timer, expired } = open();
  for (let at = 0; at < 240; at += 60) {
    vi.advanceTimersByTime(60);
    timer.extend();
  }
  expect(expired).toEqual([]);
  vi.advanceTimersByTime(9);
  expect(expired).toEqual([]);
  vi.advanceTimersByTime(1);
  expect(expired).toEqual(after(250, 'upstreams.up.max_timeout_ms'));
});

it('does not extend the limit of a caller, and names its setting [UP-25]', () => {
  const { timer, expired } = open({ timeoutMs: 50, timeoutSetting: 'limits.list_ms' });
  vi.advanceTimersByTime(40);
  timer.extend();
  vi.advanceTimersByTime(10);
  expect(expired).toEqual(after(50, 'limits.list_ms'));
});

it('keeps to the operator where a caller would wait longer', () => {
  const { expired } = open({ timeoutMs: 500 });
  vi.advanceTimersByTime(100);
  expect(expired).toEqual(after(100, 'limits.request_timeout_ms'));
});

it('ends nothing that is over', () => {
  const { timer, expired } = open();
  timer.stop();
  vi.advanceTimersByTime(1_000);
  expect(expired).toEqual([]);
});
