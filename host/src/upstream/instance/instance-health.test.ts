import { beforeEach, describe, expect, it } from 'vitest';
import { InstanceHealth } from './instance-health.ts';

let time: number;
let changes: boolean[];
let health: InstanceHealth;
beforeEach(() => {
  time = 0;
  changes = [];
  health = new InstanceHealth(
    { failures: 3, successes: 2 },
    isHealthy => changes.push(isHealthy),
    () => time,
  );
});

const times = (count: number, work: () => void) => {
  for (let done = 0; done < count; done += 1) work();
};

/** The successes that it needs to get work again. */
function needed(): number {
  let count = 0;
  for (; !health.isHealthy; count += 1) health.succeeded();
  return count;
}

describe('an instance [UP-73]', () => {
  it.each([
    { what: 'two failures', work: () => times(2, () => health.failed(false)), isHealthy: true },
    { what: 'three failures', work: () => times(3, () => health.failed(false)), isHealthy: false },
    {
      what: 'failures with a success between them',
      work() {
        for (const _ of [1, 2, 3, 4]) {
          times(2, () => health.failed(false));
          health.succeeded();
        }
      },
      isHealthy: true,
    },
    { what: 'an address where nothing listens', work: () => health.failed(true), isHealthy: false },
  ])('is healthy after $what: $isHealthy', ({ work, isHealthy }) => {
    work();
    expect([health.isHealthy, changes]).toEqual([isHealthy, isHealthy ? [] : [false]]);
  });

  it('gets work again after successes in a row', () => {
    health.failed(true);
    health.succeeded();
    health.failed(true);
    health.succeeded();
    expect(health.isHealthy).toBe(false);
    health.succeeded();
    expect([health.isHealthy, changes]).toEqual([true, [false, true]]);
  });

  it('that flaps needs twice as many each time, within a limit, and starts over once it was stable', () => {
    const counts = [];
    for (let outage = 0; outage < 8; outage += 1) {
      time += 60_000;
      health.failed(true);
      counts.push(needed());
    }
    expect(counts).toEqual([2, 4, 8, 16, 32, 64, 64, 64]);
    time += 11 * 60_000;
    health.failed(true);
    expect(needed()).toBe(2);
  });
});
