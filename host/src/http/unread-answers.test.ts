import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Outbox } from './unread-answers.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A client that has read nothing of its answer, unless `moves`. */
const reader = (moves = () => false, waiting = 10) => {
  const cut = vi.fn();
  return { waiting, hasMoved: moves, cut };
};

it.each([
  { waiting: 0, more: 1_000, fits: true },
  { waiting: 60, more: 40, fits: true },
  { waiting: 60, more: 41, fits: false },
])('with $waiting of 100 bytes waiting, $more more fit: $fits', ({ waiting, more, fits }) => {
  using outbox = new Outbox(100);
  outbox.add(waiting);
  expect([outbox.fits(more), outbox.bytes]).toEqual([fits, waiting]);
});

it('disconnects a client that reads nothing for its time, and no other', () => {
  using outbox = new Outbox(100, 6_000);
  const [deaf, slow, done] = [reader(), reader(() => true), reader(undefined, 0)];
  for (const each of [deaf, slow, done]) outbox.watch(each);
  vi.advanceTimersByTime(5_000);
  expect(deaf.cut).not.toHaveBeenCalled();
  vi.advanceTimersByTime(2_000);
  expect([deaf.cut, slow.cut, done.cut].map(cut => cut.mock.calls.length > 0)).toEqual([true, false, false]);
});

it('gives a client its whole time again after it has read something', () => {
  using outbox = new Outbox(100, 6_000);
  let moves = true;
  const client = reader(() => moves);
  outbox.watch(client);
  vi.advanceTimersByTime(5_000);
  moves = false;
  vi.advanceTimersByTime(5_000);
  expect(client.cut).not.toHaveBeenCalled();
  vi.advanceTimersByTime(2_000);
  expect(client.cut).toHaveBeenCalled();
});

it('keeps no timer when nobody is watched', () => {
  using outbox = new Outbox(100, 6_000);
  const client = reader();
  outbox.watch(client);
  expect(vi.getTimerCount()).toBe(1);
  outbox.unwatch(client);
  expect(vi.getTimerCount()).toBe(0);
});
