import { describe, expect, it } from 'vitest';
import { jsGuest, watGuest } from '../../../../test/fixtures/guest.ts';
import { guestDescriptor } from '../../../../test/fixtures/guest-descriptor.ts';
import { callContext, calls, toolCall } from '../../../../test/fixtures/hook-calls.ts';
import { asVerified, memoryFacilities, openGuests } from '../../../../test/fixtures/sandboxed.ts';
import { decideGrant } from '../../capability/grant.ts';
import { capabilities } from '../../capability/registry.ts';
import type { HookRunner } from '../../contract/hook-call.ts';
import { silentLog } from '../../core/log.ts';
import { defaultLimits } from '../limits.ts';
import { createWasmRuntime } from './wasm-runtime.ts';

const limits = { fuel: 1_000_000 };

async function reportsOf(runner: HookRunner, count: number) {
  const all: unknown[] = [];
  for (let call = 0; call < count; call += 1) {
    const input = { stage: 'before' as const, context: callContext, calls: calls('plugin'), value: toolCall({}) };
    all.push(
      ...(await runner.run(input)).reports.map(({ outcome, ...rest }) => ({
        outcome,
        ...('message' in rest && { message: rest.message, cause: rest.cause }),
      })),
    );
  }
  return all;
}

const usedUp = (more: number) => ({
  outcome: 'failed',
  cause: 'limit',
  message: `it used ${more} units of fuel more than the 1000000 allowed (limits.fuel)`,
});

describe('a plugin with fuel', () => {
  it.each(['pooled', 'tenant', 'fresh', 'process', 'inline'] as const)(
    '[SBX-103] is stopped at the same point in each call that loops: %s',
    async isolation => {
      const bytes = await watGuest(guestDescriptor('plugin'), { before: '(loop $l (br $l))' });
      await using runner = await openGuests([{ bytes, limits, isolation }]);
      expect(await reportsOf(runner, 3)).toEqual([usedUp(1), usedUp(1), usedUp(1)]);
    },
  );

  it('[SBX-103] has as much of it for each call, and fails in the call that needs more', async () => {
    const bytes = await watGuest(guestDescriptor('plugin'), {
      fields: '(global $call (mut i32) (i32.const 0))',
      // Each call makes 30,000 passes more than the one before.
      before: `(local $rest i32) (global.set $call (i32.add (global.get $call) (i32.const 1)))
        (local.set $rest (i32.mul (global.get $call) (i32.const 30000)))
        (loop $l (br_if $l (local.tee $rest (i32.sub (local.get $rest) (i32.const 1)))))`,
    });
    await using runner = await openGuests([{ bytes, limits }]);
    const proceed = { outcome: 'proceed' };
    const round = [...Array(5).fill(proceed), usedUp(1)];
    // Its instance is replaced, and counts from zero.
    expect(await reportsOf(runner, 12)).toEqual([...round, ...round]);
  });

  it('[SBX-107] reports how much each call used, also of a call that failed; without a limit, nothing', async () => {
    const bytes = await watGuest(guestDescriptor('plugin'), {
      fields: '(global $calls (mut i32) (i32.const 0))',
      before: `(if (i32.eq (global.get $calls) (i32.const 2)) (then (loop $l (br $l))))
        (global.set $calls (i32.add (global.get $calls) (i32.const 1)))`,
    });
    const fuelOf = async (runner: HookRunner) => {
      const input = { stage: 'before' as const, context: callContext, calls: calls('plugin'), value: toolCall({}) };
      return (await runner.run(input)).reports[0]?.fuel;
    };
    await using limited = await openGuests([{ bytes, limits }]);
    const used = await fuelOf(limited);
    expect(used).toBeGreaterThan(0);
    expect(used).toBeLessThan(1_000);
    expect(await fuelOf(limited)).toBe(used);
    expect(await fuelOf(limited)).toBe(1_000_001);
    expect(limited.usage().get('plugin')?.fuel).toBe(2 * (used ?? 0) + 1_000_001);
    await using unlimited = await openGuests([{ bytes }]);
    expect(await fuelOf(unlimited)).toBeUndefined();
  });

  it('[SBX-106] does not start with code that was compiled without fuel', async () => {
    const log = silentLog();
    const runtime = createWasmRuntime({ capabilities, log });
    const artifact = asVerified(await watGuest(guestDescriptor('plugin')));
    const inspected = runtime.inspect(artifact);
    const component = await runtime.compile(inspected, defaultLimits);
    const grant = decideGrant(inspected.imports, artifact.descriptor, {}, capabilities);
    const plugin = { id: 'plugin', component, grant, config: {}, limits: { ...defaultLimits, ...limits } };
    await expect(runtime.open([{ ...plugin, isolation: 'pooled' }], memoryFacilities())).rejects.toMatchObject({
      faults: [{ details: { reason: expect.stringContaining('compiled without fuel') } }],
    });
  });

  it('[SBX-103] may need no more to start', async () => {
    const bytes = await watGuest(guestDescriptor('plugin'), { configure: '(loop $l (br $l))' });
    const reason = expect.stringContaining('limits.fuel');
    await expect(openGuests([{ bytes, limits }])).rejects.toMatchObject({
      faults: [{ code: 'plugin_start_failed', details: { plugin: 'plugin', reason } }],
    });
  });

  it('[SBX-103] is stopped in JavaScript, also where a call may wait', async () => {
    const hooks = (before: string) => `
      export const lifecycle = { configure() {} };
      export const dispatchHooks = { beforeDispatch() { ${before} }, afterDispatch: () => ({ tag: 'proceed' }) };`;
    const send = "import { send } from 'sallyport:plugin/outbound-http@0.1.0';";
    const waiting = guestDescriptor('plugin', { required_capabilities: ['outbound_http'] });
    for (const { descriptor, grants, script } of [
      { descriptor: guestDescriptor('plugin'), grants: {}, script: hooks('for (;;);') },
      {
        descriptor: waiting,
        grants: { outbound_http: { allow: ['https://example.com'] } },
        script: send + hooks('for (let n = 0; ; n += 1) if (n < 0) send({});'),
      },
    ]) {
      const bytes = await jsGuest(descriptor, script);
      await using runner = await openGuests([{ bytes, grants, limits: { fuel: 50_000_000 } }]);
      const [first, second] = await reportsOf(runner, 2);
      expect(first).toMatchObject({ outcome: 'failed', cause: 'limit' });
      expect(second).toEqual(first);
    }
  });
});
