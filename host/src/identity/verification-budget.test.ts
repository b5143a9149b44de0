import { beforeEach, describe, expect, it } from 'vitest';
import { VerificationBudget } from './verification-budget.ts';

let time: number;
let budget: VerificationBudget;
beforeEach(() => {
  time = 0;
  budget = new VerificationBudget(() => time);
});

/** How many of 1,000 verifications for an address begin. */
function begun(address: string): number {
  let count = 0;
  try {
    for (; count < 1_000; count += 1) budget.take(address, {});
  } catch (error) {
    expect(error).toMatchObject({ code: 'authentication_throttled', details: { retry_after_ms: 20 } });
  }
  return count;
}

describe('the verifications of an address [GW-137]', () => {
  it('are limited, those of others are not, and more may begin with time', () => {
    expect(begun('192.0.2.1')).toBe(200);
    expect(begun('192.0.2.1')).toBe(0);
    expect(begun('192.0.2.2')).toBe(200);
    time += 1_000;
    expect(begun('192.0.2.1')).toBe(50);
    time += 60_000;
    expect(begun('192.0.2.1')).toBe(200);
  });

  it('whose credentials are accepted are not limited', () => {
    for (let count = 0; count < 1_000; count += 1) {
      budget.take('192.0.2.1', {});
      budget.giveBack('192.0.2.1');
    }
    expect(begun('192.0.2.1')).toBe(200);
  });

  it.each([
    ['2001:db8:0:1::1', '2001:db8:0:1:ffff::2', 0],
    ['2001:db8::1', '2001:db8:0:0:8::', 0],
    ['2001:db8:0:1::1', '2001:db8:0:2::1', 200],
    ['::1', '1::', 200],
    ['::ffff:192.0.2.1', '::ffff:192.0.2.2', 200],
  ])('of IPv6 count by network: after %s, for %s: %i', (first, second, left) => {
    begun(first);
    expect(begun(second)).toBe(left);
  });
});
