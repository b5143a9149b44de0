import { describe, expect, it } from 'vitest';
import { LineQueue, type LineQueueOptions } from './line-queue.ts';

/** A queue of numbers, and the lines that it has written. */
function openQueue(options: Partial<LineQueueOptions<number>> = {}) {
  const writes: (readonly string[])[] = [];
  const lost: string[] = [];
  const queue = new LineQueue<number>({
    output: {
      append: async lines => void writes.push(lines),
      appendNow() {},
      reopen() {},
      stopWaiting() {},
      close() {},
    },
    ...{ queue: 1_000_000, whenFull: 'block' },
    format: (item, dropped) => (dropped === 0 ? `${item}` : `${item} after ${dropped}`),
    written() {},
    dropped() {},
    unusable() {},
    lost: lines => void lost.push(...lines),
    ...options,
  });
  return { queue, writes, lost, lines: () => writes.flat() };
}

const numbers = (count: number, from = 0) => Array.from({ length: count }, (_, n) => from + n);

describe('a queue of lines [AUD-31]', () => {
  it.each([1, 63, 64, 65, 1000, 300_000])('writes %i items in their order, each once', async count => {
    const { queue, lines } = openQueue();
    for (const n of numbers(count)) queue.add(n, 1);
    await queue[Symbol.asyncDispose]();
    expect(lines()).toEqual(numbers(count).map(String));
  });

  it('writes items that come while others are written', async () => {
    let next = 100;
    const { queue, lines } = openQueue({
      format(item) {
        if (next < 5_000) queue.add(next++, 1);
        return `${item}`;
      },
    });
    for (const n of numbers(100)) queue.add(n, 1);
    await queue[Symbol.asyncDispose]();
    expect(lines()).toEqual(numbers(5_000).map(String));
  });

  it('counts what it drops in the line after it, and goes on without an item that cannot be a line', async () => {
    const unusable: number[] = [];
    const { queue, lines } = openQueue({
      ...{ queue: 100, whenFull: 'drop' },
      format(item, dropped) {
        if (item === 7) throw new Error('unusable');
        return `${item} ${dropped}`;
      },
      unusable: item => void unusable.push(item),
    });
    for (const n of numbers(150)) queue.add(n, 1);
    await expect.poll(() => lines().length).toBe(99);
    queue.add(1000, 1);
    await queue[Symbol.asyncDispose]();
    expect(unusable).toEqual([7]);
    expect(lines().slice(-2)).toEqual(['99 0', '1000 50']);
  });
});
