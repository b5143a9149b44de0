import { afterEach, expect, it, vi } from 'vitest';
import { anonymous, createPrincipal } from '../../identity/principal.ts';
import { RecentCallers } from './recent-callers.ts';

afterEach(() => vi.useRealTimers());

const user = (subject: string) => createPrincipal({ scheme: 'keys', subject });

it('[ADM-112] a thousand callers are kept at most, and the latest of them stay', () => {
  vi.useFakeTimers();
  const callers = new RecentCallers();
  for (let number = 0; number < 2_500; number += 1) {
    vi.advanceTimersByTime(1);
    callers.add(user(`user-${number}`));
    callers.add(user('ada'));
    if (number % 250 === 0) expect(callers.list([]).length).toBeLessThanOrEqual(1_000);
  }
  const listed = callers.list([user('ada'), user('ada'), user('new')]);
  expect(listed[0]).toMatchObject({ scheme: 'keys', subject: 'ada', requests: 2_500, running: 2 });
  expect(listed.map(({ subject }) => subject)).toEqual(expect.arrayContaining(['user-2499', 'user-2200']));
});

it('[ADM-112] callers without a subject are one', () => {
  const callers = new RecentCallers();
  for (let number = 0; number < 3; number += 1) callers.add(anonymous);
  expect(callers.list([])).toMatchObject([{ scheme: 'anonymous', requests: 3 }]);
});
