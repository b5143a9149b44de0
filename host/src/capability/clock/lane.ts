import type { HostImports, LaneSide } from '../lane/lane-side.ts';
import { Pollable } from '../lane/pollable.ts';

/** The coarsest clock, in milliseconds. */
export const coarsest = 60_000;

/** What the lane needs of a grant. */
interface ClockGrant {
  readonly resolution_ms: number;
  /**
   * The time that `plugin test` sets: wall and monotonic time in milliseconds, in shared memory. No operator can write it.
   */
  readonly stands?: Float64Array | undefined;
}

/** What guests get of `clock`. */
export const clockInLane = {
  name: 'clock',
  wit: ['sallyport:plugin/clock@0.1.0', 'wasi:clocks/wall-clock@0.2', 'wasi:clocks/monotonic-clock@0.2'],
  imports: ({ resolution_ms, stands }) => functions(resolution_ms, stands === undefined ? running : standing(stands)),
  learning: {
    imports(tell) {
      const stopped = () => {
        tell({});
        return 0;
      };
      return functions(coarsest, { wall: stopped, monotonic: stopped, at: () => new Pollable() });
    },
  },
} satisfies LaneSide<ClockGrant>;

/** Milliseconds; `at` makes what becomes ready at such a moment of the monotonic clock. */
interface TimeSource {
  wall(): number;
  monotonic(): number;
  at(moment: number): Pollable;
}

const running: TimeSource = {
  wall: () => Date.now(),
  monotonic: () => performance.now(),
  at: moment => new Pollable(moment),
};

/** Shows the time that was set. Waiting advances it, or the wait would never end. */
const standing = (moments: Float64Array): TimeSource => ({
  wall: () => moments[0] ?? 0,
  monotonic: () => moments[1] ?? 0,
  at(moment) {
    const wait = Math.max(0, moment - (moments[1] ?? 0));
    for (const index of moments.keys()) moments[index] = (moments[index] ?? 0) + wait;
    return new Pollable();
  },
});

function functions(resolutionMs: number, time: TimeSource): HostImports {
  const resolution = BigInt(resolutionMs);
  const coarse = (ms: number) => (BigInt(Math.floor(ms)) / resolution) * resolution;
  const wall = () => coarse(time.wall());
  const monotonic = () => coarse(time.monotonic()) * 1_000_000n;
  const parts = (ms: bigint) => ({ seconds: ms / 1000n, nanoseconds: Number(ms % 1000n) * 1_000_000 });
  return {
    'sallyport:plugin/clock': { nowMs: wall, monotonicNs: monotonic },
    'wasi:clocks/wall-clock': { now: () => parts(wall()), resolution: () => parts(resolution) },
    'wasi:clocks/monotonic-clock': {
      now: monotonic,
      resolution: () => resolution * 1_000_000n,
      subscribeInstant: (at: bigint) => time.at(Number(at) / 1e6),
      subscribeDuration: (duration: bigint) => time.at(time.monotonic() + Number(duration) / 1e6),
    },
  };
}
