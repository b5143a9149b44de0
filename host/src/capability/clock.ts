import { z } from 'zod';
import { defineCapability } from './capability.ts';
import { Pollable } from './pollable.ts';

/** Wall and monotonic time. Without it a guest cannot tell how long anything takes. */
export const clock = defineCapability({
  name: 'clock',
  wit: ['sallyport:plugin/clock@0.1.0', 'wasi:clocks/wall-clock@0.2', 'wasi:clocks/monotonic-clock@0.2'],
  risk: 'Lets the plugin measure time, a building block of timing attacks. A coarse `resolution_ms` blunts it.',
  grant: z.strictObject({ resolution_ms: z.number().int().min(1).max(60_000).default(1) }),
  example: 'clock: { resolution_ms: 1 }',
  imports: ({ resolution_ms }) => {
    const resolution = BigInt(resolution_ms);
    const coarse = (ms: number) => (BigInt(Math.floor(ms)) / resolution) * resolution;
    const monotonic = () => coarse(performance.now()) * 1_000_000n;
    return {
      'sallyport:plugin/clock': { nowMs: () => coarse(Date.now()), monotonicNs: monotonic },
      'wasi:clocks/wall-clock': {
        now: () => {
          const ms = coarse(Date.now());
          return { seconds: ms / 1000n, nanoseconds: Number(ms % 1000n) * 1_000_000 };
        },
        resolution: () => ({ seconds: resolution / 1000n, nanoseconds: Number(resolution % 1000n) * 1_000_000 }),
      },
      'wasi:clocks/monotonic-clock': {
        now: monotonic,
        resolution: () => resolution * 1_000_000n,
        subscribeInstant: (at: bigint) => new Pollable(Number(at) / 1e6),
        subscribeDuration: (duration: bigint) => new Pollable(performance.now() + Number(duration) / 1e6),
      },
    };
  },
});
