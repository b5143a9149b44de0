import { expect, it, vi } from 'vitest';
import { createLog } from '../../core/log.ts';
import type { Generation } from '../generation.ts';
import { Generations } from './generations.ts';

const generationOf = (dispose: () => Promise<void>): Generation => {
  const limits = { request_timeout_ms: 1_000, drain_ms: 1_000 };
  return {
    config: { limits, upstreams: [] },
    plugins: { lanes: {} },
    upstreams: { all: () => [] },
    [Symbol.asyncDispose]: dispose,
  } as unknown as Generation;
};

it('[RUN-156] an earlier configuration that cannot be closed is logged, and ends nothing', async () => {
  const lines: Record<string, unknown>[] = [];
  const log = createLog('error', { write: line => void lines.push(JSON.parse(line)) });
  const generations = new Generations(
    generationOf(() => Promise.reject(new Error('a file is gone'))),
    log,
  );
  const closed = vi.fn();
  generations.replace(
    generationOf(async () => {}),
    { ended: Promise.resolve(), retire() {}, closed },
  );
  await expect.poll(() => closed.mock.calls.length).toBe(1);
  expect(generations.draining).toBe(0);
  expect(lines).toMatchObject([{ generation: 1, msg: 'could not close all of an earlier configuration' }]);
  await generations[Symbol.asyncDispose]();
});

it('[RUN-171] the oldest is closed although a request uses it when too many wait for requests, not while others are being closed', async () => {
  const lines: Record<string, unknown>[] = [];
  const log = createLog('warn', { write: line => void lines.push(JSON.parse(line)) });
  const released = Promise.withResolvers<void>();
  const oldest = vi.fn(async () => {});
  const generations = new Generations(generationOf(oldest), log);
  const forever = new Promise<never>(() => {});
  const replace = async (ended: Promise<unknown>) => {
    generations.replace(
      generationOf(() => released.promise),
      { ended, retire() {}, closed() {} },
    );
    await new Promise(setImmediate);
  };
  await replace(forever);
  for (let count = 0; count < 20; count += 1) await replace(Promise.resolve());
  for (let count = 0; count < 7; count += 1) await replace(forever);
  expect([oldest.mock.calls.length, lines]).toEqual([0, []]);
  await replace(forever);
  expect(oldest).toHaveBeenCalledOnce();
  expect(lines).toMatchObject([{ earlier: 9, msg: expect.stringContaining('closing the oldest') }]);
  released.resolve();
  await generations[Symbol.asyncDispose]();
});
