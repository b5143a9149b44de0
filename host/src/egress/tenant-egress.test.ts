import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { TenantEgress } from './tenant-egress.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it('limits what plugins send for a tenant, and for each other one by * [GW-126]', () => {
  const egress = new TenantEgress(
    new Map([
      ['one', 2],
      ['*', 1],
    ]),
  );
  const reached = (...tenants: (string | undefined)[]) => tenants.map(tenant => egress.reached(tenant));
  expect(reached('one', 'one', 'one')).toEqual([undefined, undefined, 2]);
  expect(reached('two', 'two', 'three', undefined, undefined)).toEqual([undefined, 1, undefined, undefined, 1]);
  vi.advanceTimersByTime(30_000);
  expect(reached('one', 'one', 'two')).toEqual([undefined, 2, 1]);
});

it('counts nothing where there is no limit [GW-126]', () => {
  const egress = new TenantEgress(new Map([['one', 1]]));
  for (let at = 0; at < 100; at += 1) expect(egress.reached('two')).toBeUndefined();
});
