import { expect, it } from 'vitest';
import type { LaneContext } from '../lane/lane-side.ts';
import { upstreamHeadersInLane } from './lane.ts';

/** The function that guests call, in a hook call that keeps this many notes. */
function setter(room: number) {
  const kept: unknown[] = [];
  const lane = {
    caller: { upstreamTakesHeaders: true },
    refused: () => {},
    tell: (said: unknown) => kept.length < room && kept.push(said) > 0,
  } as unknown as LaneContext;
  const imports = upstreamHeadersInLane.imports({ names: ['x-a'], max_bytes: 10 }, lane);
  const { set } = imports['sallyport:plugin/upstream-headers'] as { set(name: string, value: string): void };
  return { set, kept };
}

it('[CAP-98] answers an error for a header that is beyond what one hook call may set', () => {
  const { set, kept } = setter(2);
  set('X-A', '1');
  set('x-a', '2');
  expect(() => set('x-a', '3')).toThrow(
    expect.objectContaining({ payload: expect.objectContaining({ tag: 'invalid' }) }),
  );
  expect(kept).toEqual([
    { name: 'x-a', value: '1' },
    { name: 'x-a', value: '2' },
  ]);
});
