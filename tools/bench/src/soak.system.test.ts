import { expect, it } from 'vitest';
import { itWith } from '../../../test/prerequisite.ts';
import { soak } from './soak.ts';
import { soakChains } from './soak-chains.ts';

/** As many traps as the full soak has in its first twentieth. Memory needs longer than this to tell growth from noise. */
it('[RUN-73] leaves no thread, file, handle or instance behind when plugins trap', async () => {
  const seen: number[] = [];
  const { series, courses } = await soak({
    ...{ calls: 5000, trapEvery: 50, connections: 8, samples: 10 },
    progress: ({ calls }) => seen.push(calls),
  });
  expect(seen).toEqual(Array.from({ length: 10 }, (_, index) => (index + 1) * 500));
  expect(series.at(-1)?.threads).toBeGreaterThan(3);
  const counted = ['plugins_mb', 'threads', 'files', 'resources'];
  expect(courses.filter(({ figure, grows }) => grows && counted.includes(figure))).toEqual([]);
}, 180_000);

itWith('wasm-ld-22')(
  '[RUN-73] soaks gateways with four chains at a rate, and looks at each',
  async () => {
    const seen: string[] = [];
    const options = { seconds: 6, rate: 200, connections: 2, samples: 6 };
    const soaked = await soakChains({ ...options, progress: chain => seen.push(chain) });
    expect(new Set(seen)).toEqual(new Set(soaked.keys()));
    expect(soaked.size).toBe(4);
    for (const [chain, { series }] of soaked) {
      expect(series.length, chain).toBe(6);
      expect(series.at(-1)?.calls, chain).toBeGreaterThan(10);
      expect(series.at(-1)?.sockets, chain).toBeGreaterThan(0);
      expect(series.at(-1)?.plugins_mb !== 0, chain).toBe(chain !== 'none');
    }
  },
  600_000,
);
