import { describe, expect, it } from 'vitest';
import { fuelGauge } from './fuel-gauge.ts';

describe('the gauge of fuel', () => {
  it('[SBX-125] counts in the global that core modules charge, below zero as well', () => {
    const { counter, fill, take } = new WebAssembly.Instance(new WebAssembly.Module(fuelGauge)).exports as {
      counter: WebAssembly.Global;
      fill: (units: number) => void;
      take: (units: number) => number;
    };
    fill(10 ** 12);
    expect(counter.value).toBe(10n ** 12n);
    counter.value -= 7n;
    expect(take(0)).toBe(10 ** 12 - 7);
    expect(take(10 ** 12)).toBe(-7);
    expect(counter.value).toBe(-7n);
    fill(Number.MAX_SAFE_INTEGER);
    expect(take(1)).toBe(Number.MAX_SAFE_INTEGER - 1);
  });
});
