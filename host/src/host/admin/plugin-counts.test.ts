import { expect, it } from 'vitest';
import { Metrics } from '../../core/metrics.ts';
import type { PluginUsage } from '../../core/plugin-usage.ts';
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
