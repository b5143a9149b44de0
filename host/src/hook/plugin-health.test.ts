import { describe, expect, it } from 'vitest';
import { createFakeHookRunner } from '../../../test/fixtures/fake-hook-runner.ts';
import type { FailureAction } from '../contract/hook-call.ts';
import { hookNames } from '../contract/hook-name.ts';
import { everyCause } from '../contract/hook-policy.ts';
import { silentLog } from '../core/log.ts';
import { createHookChain } from './create-hook-chain.ts';
import { PluginHealth } from './plugin-health.ts';
import { Receipts } from './receipt.ts';

/** A chain of one plugin whose health the test decides, with a clock that the test moves. */
function setUp(action: FailureAction) {
  const state = { failing: true, now: 0, calls: 0 };
  const runner = createFakeHookRunner({
    moody: {
      before: () => {
        state.calls += 1;
        return state.failing ? { tag: 'failed', cause: 'trap' } : { tag: 'proceed' };
      },
    },
  });
  const log = silentLog();
  const health = new PluginHealth('moody', log, { failures: 3, openMs: 1000 }, () => state.now);
  const onError = everyCause(action);
  const plugin = { id: 'moody', hooks: new Set(hookNames), priority: 0, onError, seesBlobs: false, health };
  const chain = createHookChain({ plugins: [plugin], runner, log });
  const receipts = new Receipts();
  const call = async () =>
    (
      await chain.before({ requestId: 'r', binding: 'b', upstream: 'u', receipts }, 'tools/call', {
        name: 'echo',
        arguments: {},
      })
    ).kind;
  return { state, call, receipts };
}

describe('a plugin that keeps failing', () => {
  it('[HOOK-23] is not called any more, and its on_error decides meanwhile: deny', async () => {
    const { state, call, receipts } = setUp('deny');
    for (let n = 0; n < 10; n += 1) expect(await call()).toBe('block');
    expect(state.calls).toBe(3);
    expect(receipts.calls.at(-1)).toMatchObject({ plugin: 'moody', outcome: 'failed', cause: 'unavailable' });
  });

  it('[HOOK-23] is not called any more, and its on_error decides meanwhile: ignore', async () => {
    const { state, call } = setUp('ignore');
    for (let n = 0; n < 10; n += 1) expect(await call()).toBe('proceed');
    expect(state.calls).toBe(3);
  });

  it('[HOOK-24] is probed with one call after a while, and stays out while that fails', async () => {
    const { state, call } = setUp('deny');
    for (let n = 0; n < 5; n += 1) await call();
    state.now += 1001;
    await Promise.all([call(), call(), call()]);
    expect(state.calls).toBe(4);
  });

  it('[HOOK-24] serves again after a probe that succeeded', async () => {
    const { state, call } = setUp('deny');
    for (let n = 0; n < 5; n += 1) await call();
    state.failing = false;
    expect(await call()).toBe('block');
    state.now += 1001;
    expect(await call()).toBe('proceed');
    expect(await call()).toBe('proceed');
    expect(state.calls).toBe(5);
  });

  it('[HOOK-23] stays in place as long as it serves in between', async () => {
    const { state, call } = setUp('deny');
    for (let n = 0; n < 12; n += 1) {
      state.failing = n % 3 !== 0;
      await call();
    }
    expect(state.calls).toBe(12);
  });
});

it('[ADM-111] says which failure it is not called after, and not a later one', () => {
  const health = new PluginHealth('moody', silentLog(), { failures: 2, openMs: 1000 });
  health.failed('trap');
  expect(health.trouble).toBeUndefined();
  health.failed('timeout');
  health.failed('limit');
  expect(health.trouble).toMatchObject({ state: 'held_back', cause: 'timeout' });
  health.disable('invalid_output', 'for the test');
  health.failed('trap');
  expect(health.trouble).toMatchObject({ state: 'disabled', cause: 'invalid_output' });
  health.reset();
  expect(health.trouble).toBeUndefined();
});
