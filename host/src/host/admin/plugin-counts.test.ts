import { expect, it } from 'vitest';
import { Metrics } from '../../core/metrics.ts';
import type { PluginUsage } from '../../core/plugin-usage.ts';
import { HookCounts } from '../../hook/hook-counts.ts';
import type { Receipt } from '../../hook/receipt.ts';
import { PluginCounts } from './plugin-counts.ts';

const usageOf = (calls: number): PluginUsage => ({
  ...{ calls, wallMs: 0, cpuMs: 0, memoryBytes: 0, memoryMaxBytes: 0, hostCalls: 0, fuel: 0, egressBytes: 0 },
});

it('[ADM-111] what a plugin did is counted from its reset, and from zero after it was removed and came back', () => {
  let calls = 5;
  const usage = () => new Map([['guard', usageOf(calls)]]);
  const counts = new PluginCounts({ metrics: new Metrics(), usage, started: '2026-01-01T00:00:00.000Z' });
  expect(counts.of('guard')).toMatchObject({ calls: 5, since: '2026-01-01T00:00:00.000Z' });
  counts.reset('guard');
  calls = 7;
  expect(counts.of('guard').calls).toBe(2);
  calls = 3;
  expect(counts.of('guard').calls).toBe(3);
});

it('[ADM-111] the percentiles of a hook are those of its calls since the reset', () => {
  const metrics = new Metrics();
  const hooks = new HookCounts(metrics);
  const call = (wallMs: number, times: number) => {
    for (let time = 0; time < times; time += 1) {
      hooks.count({ plugin: 'guard', hook: 'tool_pre_invoke', outcome: 'proceed', wallMs } as Receipt);
    }
  };
  const usage = () => new Map([['guard', usageOf(0)]]);
  const counts = new PluginCounts({ metrics, usage, started: '2026-01-01T00:00:00.000Z' });
  call(400, 50);
  counts.reset('guard');
  expect(counts.of('guard').hooks).toEqual([]);
  call(0.7, 90);
  call(70, 10);
  call(60_000, 1);
  expect(counts.of('guard').hooks).toMatchObject([{ calls: 101, statuses: { proceed: 101 } }]);
  const [{ p50_ms: half = 0, p95_ms: most = 0, p99_ms: nearlyAll = 0 } = {}] = counts.of('guard').hooks;
  expect([half > 0.5 && half <= 1, most > 50 && most <= 100, nearlyAll > 50 && nearlyAll <= 100]).toEqual([
    true,
    true,
    true,
  ]);
});
