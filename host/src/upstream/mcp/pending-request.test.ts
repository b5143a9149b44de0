import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { resultAnswer } from '../../mcp/answer.ts';
import { PendingRequest, requestTimes } from './pending-request.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  // The timer of all requests must not be left behind in the time of one test.
  vi.runAllTimers();
  vi.useRealTimers();
});

const limits = {
  idle: { ms: 100, setting: 'limits.request_timeout_ms' },
  whole: { ms: 250, setting: 'upstreams.up.max_timeout_ms' },
  startTimeoutMs: 1,
  maxAnswerBytes: 1,
};

class SilentRequest extends PendingRequest {
  protected override cancel(): void {}
}

function open(options = {}) {
  const expired: unknown[] = [];
  const request = new SilentRequest('up', 1, 'tools/call', requestTimes(options, limits), {});
  request.answer.catch(fault => expired.push(fault));
  /** Lets time pass, until the request's caller knows what became of it. */
  const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);
  return { request, expired, pass };
}
const progress = { method: 'notifications/progress' };
const after = (ms: number, setting: string) => [
  expect.objectContaining({
    code: 'upstream_timeout',
    details: { upstream: 'up', method: 'tools/call', after_ms: ms, setting },
  }),
];

it('ends a request that shows no progress [UP-25]', async () => {
  const { expired, pass } = open();
  await pass(99);
  expect(expired).toEqual([]);
  await pass(1);
  expect(expired).toEqual(after(100, 'limits.request_timeout_ms'));
});

it('gives a request that shows progress its time again, up to the maximum [UP-25]', async () => {
  const { request, expired, pass } = open();
  for (let at = 0; at < 240; at += 60) {
    await pass(60);
    request.notify(progress);
  }
  expect(expired).toEqual([]);
  await pass(9);
  expect(expired).toEqual([]);
  await pass(1);
  expect(expired).toEqual(after(250, 'upstreams.up.max_timeout_ms'));
});

it('does not extend the limit of a caller, and names its setting [UP-25]', async () => {
  const { request, expired, pass } = open({ timeoutMs: 50, timeoutSetting: 'limits.list_ms' });
  await pass(40);
  request.notify(progress);
  await pass(10);
  expect(expired).toEqual(after(50, 'limits.list_ms'));
});

it('keeps to the operator where a caller would wait longer', async () => {
  const { expired, pass } = open({ timeoutMs: 500 });
  await pass(100);
  expect(expired).toEqual(after(100, 'limits.request_timeout_ms'));
});

it('ends nothing that is over', async () => {
  const { request, expired, pass } = open();
  request.resolve(resultAnswer({}));
  await pass(1_000);
  expect(expired).toEqual([]);
});
