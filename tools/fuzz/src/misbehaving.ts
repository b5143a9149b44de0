import { Fault } from '@sallyport/host/core';
import type { Target } from './target.ts';

const wrongs: Readonly<Record<string, () => unknown>> = {
  refuse: () => {
    throw new Fault('reference_invalid');
  },
  codeless: () => {
    throw new Error('without a code');
  },
  internal: () => {
    throw new Fault('internal', {}, new Error('a mistake'));
  },
  pollute: () => Object.assign(Object.prototype, { polluted: 1 }),
  crash: () => process.abort(),
  exit: () => process.exit(7),
  hang: () => {
    for (;;);
  },
  // A few large pieces: with many small ones, collecting them takes longer than anyone waits.
  hoard: () => Array.from({ length: 8 }, () => new Array(30_000_000).fill(0)),
  uncaught: () => setImmediate(() => Promise.reject(new Error('nobody waits for this'))),
};

/** A target that does whatever its input says, to see that each wrong is noticed. For the tests of the fuzzer alone. */
export const target: Target = {
  name: 'misbehaving',
  module: import.meta.url,
  extension: 'txt',
  patience: 30_000,
  boundedRuns: 20,
  seeds: async () => Object.keys(wrongs).map(name => Buffer.from(name)),
  mutate: (seeds, random) => (random.chance(0.5) ? random.pick(seeds) : Buffer.from(String(random.int(1000)))),
  open: async () => ({
    async run(input) {
      wrongs[Buffer.from(input).toString()]?.();
      await new Promise(setImmediate);
      return 'accepted';
    },
    async [Symbol.asyncDispose]() {},
  }),
};
