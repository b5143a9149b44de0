import { describe, expect, it } from 'vitest';
import { UsageTable } from './usage-table.ts';

describe('a table of what owners have used [GW-160]', () => {
  it('remembers each owner that is in use, and forgets the others', () => {
    const table = new UsageTable<{ isUnused: boolean }>(4);
    const busy = table.add('busy', { isUnused: false });
    for (let at = 0; at < 1_000; at += 1) table.add(`idle ${at}`, { isUnused: true });
    expect(table.get('busy')).toBe(busy);
    expect(table.size).toBeLessThanOrEqual(4);
  });

  it('takes a constant time for each new owner, also when all are in use', () => {
    let looks = 0;
    const inUse = {
      get isUnused() {
        looks += 1;
        return false;
      },
    };
    const table = new UsageTable<typeof inUse>(10);
    for (let at = 0; at < 10_000; at += 1) table.add(`${at}`, inUse);
    expect(table.size).toBe(10_000);
    expect(looks).toBeLessThan(30_000);
  });
});
