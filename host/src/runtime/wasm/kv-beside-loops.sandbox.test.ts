import { join } from 'node:path';
import { expect, it } from 'vitest';
import { jsGuest } from '../../../../test/fixtures/guest.ts';
import { guestDescriptor } from '../../../../test/fixtures/guest-descriptor.ts';
import { callContext, calls, toolCall } from '../../../../test/fixtures/hook-calls.ts';
import { openGuests } from '../../../../test/fixtures/sandboxed.ts';
import { temporaryFolder } from '../../../../test/fixtures/temporary-folder.ts';
import { openFacilities } from '../../capability/open-facilities.ts';
import { silentLog } from '../../core/log.ts';

/** Adds to a number, and blocks with the sum. On request it writes without end, and is stopped in the middle of it. */
const counter = (id: string) =>
  jsGuest(
    guestDescriptor(id, { required_capabilities: ['kv_store'] }),
    `
import { get, increment, list, set } from 'sallyport:plugin/kv-store@0.1.0';
export const lifecycle = { configure() {} };
const spin = () => {
  for (let at = 0; ; at += 1) {
    increment('spun', 1n);
    set('k' + (at % 50), new Uint8Array(at % 3000).fill(at % 3000));
    if (at % 10 === 0) list('k', undefined, 20);
  }
};
export const dispatchHooks = {
  beforeDispatch(_context, request) {
    if (JSON.parse(request.val.arguments).loop) spin();
    return { tag: 'block', val: { code: 'SUM', reason: String(increment('n', 1n)), description: '' } };
  },
  afterDispatch: () => ({ tag: 'proceed' }),
};`,
  );

it.each(['memory', 'sqlite'] as const)(
  '[CAP-107] [CAP-114] plugins whose lanes are ended amid their writes lose no count, and touch no count of others: %s',
  async store => {
    const kv = { store, path: join(await temporaryFolder(), 'kv.sqlite') };
    await using facilities = openFacilities({ kv, secrets: [], audit: {}, log: silentLog() });
    const guests = await Promise.all(
      ['one', 'other'].map(async id => ({
        bytes: await counter(id),
        grants: { kv_store: {} },
        limits: { timeoutMs: 300, cpuMs: 300, hostCalls: 10 ** 9 },
      })),
    );
    await using runner = await openGuests(guests, { facilities, lanes: 2 });
    const sums = new Map<string, number[]>();
    const asked = new Map<string, number>();
    const run = async (plugin: string, tenant: string, loop: boolean) => {
      const context = { ...callContext, tenant };
      const input = { stage: 'before', context, calls: calls(plugin), value: toolCall({ loop }) } as const;
      const report = (await runner.run(input)).reports[0];
      if (loop) return expect(report, JSON.stringify(report)).toMatchObject({ outcome: 'failed' });
      const space = `${plugin} ${tenant}`;
      asked.set(space, (asked.get(space) ?? 0) + 1);
      if (report?.outcome !== 'block') return;
      sums.set(space, [...(sums.get(space) ?? []), Number(report.violation.reason)]);
    };
    for (let round = 0; round < 8; round += 1) {
      await Promise.all([
        run('one', 'mallory', true),
        ...(round % 2 === 0 ? [run('one', 'alice', true)] : []),
        ...Array.from({ length: 40 }, (_, at) => run(at % 2 ? 'one' : 'other', at % 4 < 2 ? 'alice' : 'bob', false)),
      ]);
    }
    expect(sums.size).toBe(4);
    for (const [space, seen] of sums) {
      const [plugin = '', tenant] = space.split(' ');
      expect(new Set(seen).size, space).toBe(seen.length);
      const count = Number(Buffer.from((await facilities.kv().get({ plugin, tenant }, 'n')) ?? []).toString());
      expect(count, space).toBeGreaterThanOrEqual(seen.length);
      expect(count, space).toBeLessThanOrEqual(asked.get(space) ?? 0);
      expect(seen.length, space).toBeGreaterThan(20);
    }
    const spun = await facilities.kv().get({ plugin: 'other', tenant: 'mallory' }, 'spun');
    expect(spun).toBeUndefined();
  },
  120_000,
);
