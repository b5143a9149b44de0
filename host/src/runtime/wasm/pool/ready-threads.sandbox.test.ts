import { expect, it } from 'vitest';
import { watGuest } from '../../../../../test/fixtures/guest.ts';
import { guestDescriptor } from '../../../../../test/fixtures/guest-descriptor.ts';
import { callContext, calls, toolCall } from '../../../../../test/fixtures/hook-calls.ts';
import { openGuests } from '../../../../../test/fixtures/sandboxed.ts';
import { ReadyThreads } from './ready-threads.ts';

const input = { stage: 'before' as const, context: callContext, value: toolCall({}) };

it('[RUN-71] starts lanes in threads that were there before their plugins', async () => {
  await using threads = new ReadyThreads(2);
  await using runner = await openGuests([{ bytes: await watGuest(guestDescriptor('plain')) }], { lanes: 2, threads });
  expect(threads.take()).toBeUndefined();
  const { reports } = await runner.run({ ...input, calls: calls('plain') });
  expect(reports).toMatchObject([{ plugin: 'plain', outcome: 'proceed' }]);
});

it('[RUN-71] starts lanes of its own where too few threads are ready', async () => {
  await using threads = new ReadyThreads(1);
  await using runner = await openGuests([{ bytes: await watGuest(guestDescriptor('plain')) }], { lanes: 2, threads });
  const many = await Promise.all(Array.from({ length: 20 }, () => runner.run({ ...input, calls: calls('plain') })));
  expect(many.map(({ reports }) => reports[0]?.outcome)).toEqual(many.map(() => 'proceed'));
});

it('[RUN-71] ends the threads that no lane took, and those whose plugins do not start', async () => {
  const workers = () => process.getActiveResourcesInfo().filter(each => each === 'MessagePort').length;
  const before = workers();
  const threads = new ReadyThreads(3);
  const bytes = await watGuest(guestDescriptor('broken'), { configure: 'unreachable' });
  await expect(openGuests([{ bytes }], { lanes: 2, threads })).rejects.toMatchObject({
    faults: [{ code: 'plugin_start_failed', details: { plugin: 'broken' } }],
  });
  await threads[Symbol.asyncDispose]();
  expect(threads.take()).toBeUndefined();
  expect(workers()).toBe(before);
});
