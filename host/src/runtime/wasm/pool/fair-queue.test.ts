import { describe, expect, it } from 'vitest';
import { callContext, calls, toolCall } from '../../../../../test/fixtures/hook-calls.ts';
import { heaviest } from '../lane/payload-limit.ts';
import { FairQueue, PendingJob } from './fair-queue.ts';

let ids = 0;
function job(binding: string, text = ''): PendingJob {
  ids += 1;
  return new PendingJob(
    ids,
    { stage: 'before', context: { ...callContext, binding }, calls: calls('p'), value: toolCall({ text }) },
    undefined,
  );
}
const bindings = (jobs: readonly PendingJob[]) => jobs.map(each => each.input.context.binding).join('');

describe('chains that wait', () => {
  it('[SBX-16] take turns by binding, however many one of them sends', () => {
    const queue = new FairQueue(100);
    for (const binding of [...'aaaaaa', ...'bb', 'c']) queue.push(job(binding));
    expect([1, 2, 3, 4].map(() => bindings(queue.take(5)))).toEqual(['aaaaa', 'bb', 'c', 'a']);
    expect(queue.length).toBe(0);
    expect(queue.take(5)).toEqual([]);
  });

  it('[SBX-83] do not travel together where they would be too heavy', () => {
    const queue = new FairQueue(100);
    for (let n = 0; n < 5; n += 1) queue.push(job('a', 'x'.repeat(heaviest / 2)));
    queue.push(job('a', 'x'.repeat(3 * heaviest)));
    expect([1, 2, 3, 4].map(() => queue.take(64).length)).toEqual([2, 2, 2, 0]);
  });

  it('[SBX-16] keep their order within a binding, and their turn when they are put back', () => {
    const queue = new FairQueue(100);
    const [first, second, third] = [job('a'), job('a'), job('a')];
    for (const each of [first, second, third]) queue.push(each);
    const taken = queue.take(2);
    queue.putBack(taken);
    expect(queue.takeAll()).toEqual([first, second, third]);
  });

  it('[SBX-16] are passed over once they were settled', () => {
    const queue = new FairQueue(100);
    const [first, second] = [job('a'), job('a')];
    queue.push(first);
    queue.push(second);
    first.resolve({ reports: [] });
    expect(queue.take(1)).toEqual([second]);
    expect(queue.length).toBe(0);
  });
});
