import { afterEach, expect, it, vi } from 'vitest';
import { Fault } from '../../core/fault.ts';
import { Metrics } from '../../core/metrics.ts';
import { anonymous, createPrincipal } from '../../identity/principal.ts';
import {
  type AcceptedAuthentication,
  AuthenticationRecord,
  type RefusedAuthentication,
} from './authentication-record.ts';

afterEach(() => vi.useRealTimers());

it('[AUD-25] each caller is recorded once an hour, and anonymous ones are not', () => {
  vi.useFakeTimers();
  const events: AcceptedAuthentication[] = [];
  const record = new AuthenticationRecord(
    new Metrics(),
    () => '192.0.2.1',
    () => {},
    event => void events.push(event),
  );
  const arrive = (subject?: string, tenant?: string) =>
    record.accepted({
      ...{ id: 'r-1', incoming: {}, binding: 'main' },
      principal:
        subject === undefined
          ? anonymous
          : createPrincipal({ scheme: 'keys', subject, ...(tenant !== undefined && { tenant }) }),
    } as never);
  for (let time = 0; time < 3; time += 1) {
    arrive('ada');
    arrive('ada', 'acme');
    arrive('bob');
    arrive();
  }
  expect(events.map(({ subject, tenant }) => [subject, tenant])).toEqual([
    ['ada', undefined],
    ['ada', 'acme'],
    ['bob', undefined],
  ]);
  expect(events[0]).toMatchObject({
    event: 'authentication.accepted',
    request: 'r-1',
    details: { scheme: 'keys', binding: 'main', address: '192.0.2.1' },
  });
  vi.advanceTimersByTime(3_600_000);
  arrive('ada');
  expect(events).toHaveLength(4);
  // The callers that are remembered are bounded: many others make the record forget the first one.
  for (let number = 0; number < 10_001; number += 1) arrive(`user-${number}`);
  arrive('ada');
  expect(events).toHaveLength(4 + 10_001 + 1);
});

it.each([
  { what: 'of a scheme', details: { scheme: 'keys', reason: 'revoked' } },
  { what: 'that no scheme knows', details: { reason: 'unknown' } },
  { what: 'without a reason', details: { scheme: 'keys' } },
])('[AUD-32] a refusal of credentials $what is recorded with what is known of it', ({ details }) => {
  const events: RefusedAuthentication[] = [];
  const record = new AuthenticationRecord(
    new Metrics(),
    () => '192.0.2.1',
    event => void events.push(event),
  );
  const arrival = { id: 'r-1', incoming: {}, binding: 'main' } as never;
  record.refused(arrival, new Fault('credentials_refused', details));
  record.refused(arrival, new Fault('unauthenticated'));
  expect(events).toEqual([
    {
      event: 'authentication.refused',
      request: 'r-1',
      details: { ...details, binding: 'main', address: '192.0.2.1' },
    },
  ]);
});
