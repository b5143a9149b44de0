import { describe, expect, it } from 'vitest';
import type { LaneContext } from '../lane/lane-side.ts';
import { metricsInLane } from './lane.ts';

/** The measurements that the gateway receives, and those that the lane refuses. */
function counted(name: string, labels: [string, string][], value = 1) {
  const told: unknown[] = [];
  const refused: unknown[] = [];
  const lane = {
    tell: (said: unknown) => told.push(said),
    refused: (_what: string, reason: string) => refused.push(reason),
  } as unknown as LaneContext;
  const { count } = metricsInLane.imports({}, lane)['sallyport:plugin/metrics'];
  count(name, labels, value);
  return { told: told.length, refused };
}

describe('measurements', () => {
  it.each([
    { what: 'with a name of 8 MB', name: 'x'.repeat(8_000_000), labels: [], reason: 'invalid' },
    { what: 'with a label of 8 MB', name: 'x', labels: [['x'.repeat(8_000_000), '']], reason: 'invalid' },
    { what: 'with a value of 8 MB', name: 'x', labels: [['a', 'x'.repeat(8_000_000)]], reason: 'invalid' },
    { what: 'with labels without end', name: 'x', labels: Array(100_000).fill(['a', '']), reason: 'over_limit' },
    { what: 'that are no numbers', name: 'x', labels: [], value: Number.NaN, reason: 'invalid' },
  ] satisfies readonly { what: string; name: string; labels: [string, string][]; value?: number; reason: string }[])(
    '[CAP-96] are refused before they leave the lane: $what',
    ({ name, labels, value, reason }) => {
      expect(counted(name, labels, value)).toEqual({ told: 0, refused: [reason] });
    },
  );

  it('[CAP-96] are told when they are measurements', () => {
    expect(counted('x', [['a', 'b']])).toEqual({ told: 1, refused: [] });
  });
});
