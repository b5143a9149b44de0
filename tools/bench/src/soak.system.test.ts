import { expect, it } from 'vitest';
import { soak } from './soak.ts';

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
