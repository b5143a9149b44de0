import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Deadlines, type Expiring } from './deadlines.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** Deadlines, and a record of the milliseconds at which objects expired. */
function open() {
  const began = performance.now();
  const deadlines = new Deadlines<Expiring>();
  const expired: [name: string, ms: number][] = [];
  const add = (name: string, ms: number, onExpired = () => {}) => {
    const member = {
      place: undefined,
      expiresAt: performance.now() + ms,
      onExpired() {
        expired.push([name, Math.round(performance.now() - began)]);
        onExpired();
      },
    };
    deadlines.add(member);
    return member;
  };
  return { deadlines, expired, add };
}

it('calls each object at its own deadline, in whatever order they were added', () => {
  const { expired, add } = open();
  for (const ms of [50, 10, 30, 10]) add(`${ms}`, ms);
  vi.advanceTimersByTime(9);
  expect(expired).toEqual([]);
  vi.advanceTimersByTime(100);
  expect(expired.map(([, ms]) => ms)).toEqual([10, 10, 30, 50]);
});

it('does not call what was removed, nor what is removed while others expire', () => {
  const { deadlines, expired, add } = open();
  deadlines.delete(add('removed', 10));
  const one = add('one', 20, () => deadlines.delete(other));
  const other = add('other', 20, () => deadlines.delete(one));
  vi.advanceTimersByTime(100);
  expect(expired).toHaveLength(1);
});

it('calls an object that was postponed at its new deadline', () => {
  const { expired, add } = open();
  const member = add('postponed', 10);
  add('other', 15);
  vi.advanceTimersByTime(5);
  member.expiresAt += 20;
  vi.advanceTimersByTime(100);
  expect(expired).toEqual([
    ['other', 15],
    ['postponed', 30],
  ]);
});

it('accepts an object again when it expires', () => {
  const { deadlines, expired, add } = open();
  const member = add('again', 10, () => {
    if (expired.length === 3) return;
    member.expiresAt = performance.now() + 10;
    deadlines.add(member);
  });
  vi.advanceTimersByTime(100);
  expect(expired.map(([, ms]) => ms)).toEqual([10, 20, 30]);
});

it('needs no timer for each object', () => {
  const { deadlines, add } = open();
  for (let count = 0; count < 1_000; count += 1) {
    deadlines.delete(add('short', 50));
    vi.advanceTimersByTime(1);
  }
  expect(vi.getTimerCount()).toBeLessThanOrEqual(1);
  vi.advanceTimersByTime(50);
  expect(vi.getTimerCount()).toBe(0);
});
