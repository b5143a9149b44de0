import { expect, it } from 'vitest';
import { descriptorOf } from '../../../test/fixtures/signed-plugin.ts';
import { toFaults } from '../core/fault.ts';
import { pluginLimits } from './plugin-limits.ts';

const all = {
  ...{ memory_mib: 64, timeout_ms: 1000, cpu_ms: 500, start_ms: 5000, log_lines: 10 },
  ...{ log_bytes: 100, state_bytes: 200, payload_bytes: 300, host_calls: 4 },
};

it.each([
  { what: 'states nothing', asked: undefined, own: {}, expected: 64 },
  { what: 'asks for less', asked: 16, own: {}, expected: 16 },
  { what: 'asks for as much', asked: 64, own: {}, expected: 64 },
  { what: 'asks for more, and is given it', asked: 128, own: { memory_mib: 128 }, expected: 128 },
  { what: 'asks for less than it is given', asked: 16, own: { memory_mib: 32 }, expected: 32 },
])('[SBX-03] a plugin that $what gets $expected MiB', ({ asked, own, expected }) => {
  const descriptor = descriptorOf(asked === undefined ? {} : { limits: { memory_mib: asked } });
  expect(pluginLimits(descriptor, { all, own }).memoryBytes).toBe(expected * 2 ** 20);
});

it('takes all other limits from the settings', () => {
  expect(pluginLimits(descriptorOf(), { all, own: {} })).toMatchObject({
    ...{ timeoutMs: 1000, cpuMs: 500, startMs: 5000, logLines: 10, logBytes: 100 },
    ...{ stateBytes: 200, payloadBytes: 300, hostCalls: 4 },
  });
});

it.each([
  { what: 'neither has one', everyone: undefined, own: undefined, expected: undefined },
  { what: 'all plugins have one', everyone: 1_000_000, own: undefined, expected: 1_000_000 },
  { what: 'it has one', everyone: undefined, own: 5_000_000, expected: 5_000_000 },
  { what: 'it has a higher one', everyone: 1_000_000, own: 5_000_000, expected: 5_000_000 },
  { what: 'it has a lower one', everyone: 1_000_000, own: 500_000, expected: 500_000 },
])('[SBX-105] limits the fuel of a plugin to $expected if $what', ({ everyone, own, expected }) => {
  expect(pluginLimits(descriptorOf(), { all: { ...all, fuel: everyone }, own: { fuel: own } }).fuel).toBe(expected);
});

it('reports every limit that was not granted at once, with the line that grants it', () => {
  const descriptor = descriptorOf({ limits: { memory_mib: 65, timeout_ms: 1001, cpu_ms: 1 } });
  let faults: readonly unknown[] = [];
  try {
    pluginLimits(descriptor, { all, own: {} });
  } catch (error) {
    faults = toFaults(error).map(({ code, details, hint }) => [
      code,
      details.limit,
      details.asked,
      details.allowed,
      hint,
    ]);
  }
  expect(faults).toEqual([
    ['limit_ungranted', 'memory_mib', 65, 64, expect.stringContaining('limits: { memory_mib: 65 }')],
    ['limit_ungranted', 'timeout_ms', 1001, 1000, expect.stringContaining('limits: { timeout_ms: 1001 }')],
  ]);
});
