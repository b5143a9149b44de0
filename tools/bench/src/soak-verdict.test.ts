import { expect, it } from 'vitest';
import { type Holding, judge } from './soak-verdict.ts';

const steady = { rss_mb: 300, heap_mb: 40, plugins_mb: 9, threads: 14, files: 70, sockets: 50, resources: 23 };

/** Twenty samples, changed by `change`, which knows how far the soak is: from 0.05 to 1. */
const course = (change: (part: number) => Partial<Holding>) =>
  Array.from({ length: 20 }, (_, index) => {
    const part = (index + 1) / 20;
    return { ...steady, calls: part * 200_000, seconds: part * 600, ...change(part) };
  });
const growing = (series: readonly Holding[]) => judge(series).flatMap(({ figure, grows }) => (grows ? [figure] : []));

it.each<[what: string, change: (part: number) => Partial<Holding>]>([
  ['nothing changes', () => ({})],
  ['memory is taken in the first tenth', part => ({ rss_mb: part < 0.1 ? 100 : 300, heap_mb: part < 0.1 ? 20 : 40 })],
  [
    'memory comes and goes',
    part => ({ rss_mb: 300 + 90 * Math.sin(part * 60), heap_mb: 40 + 9 * Math.cos(part * 60) }),
  ],
  ['one sample is far off', part => ({ rss_mb: part === 1 ? 900 : 300, threads: part === 1 ? 15 : 14 })],
  ['connections are renewed', part => ({ files: part > 0.5 ? 71 : 70, resources: part > 0.5 ? 24 : 23 })],
  ['everything shrinks', part => ({ rss_mb: 400 - 100 * part, threads: part > 0.5 ? 13 : 14 })],
])('[RUN-74] calls it steady when %s', (_, change) => {
  expect(growing(course(change))).toEqual([]);
});

it.each<[what: keyof Holding, change: (part: number) => Partial<Holding>]>([
  ['rss_mb', part => ({ rss_mb: 300 + 60 * part })],
  ['heap_mb', part => ({ heap_mb: 40 + 10 * part })],
  ['plugins_mb', part => ({ plugins_mb: 9 + part })],
  ['threads', part => ({ threads: part > 0.6 ? 15 : 14 })],
  ['files', part => ({ files: 70 + Math.floor(10 * part) })],
  ['sockets', part => ({ sockets: 50 + Math.floor(10 * part) })],
  ['resources', part => ({ resources: 23 + Math.floor(10 * part) })],
])('[RUN-74] finds what grows: %s', (figure, change) => {
  expect(growing(course(change))).toEqual([figure]);
});

it('[RUN-74] calls nothing steady that is not a number, or was hardly looked at', () => {
  expect(growing(course(() => ({ rss_mb: Number.NaN })))).toEqual(['rss_mb']);
  expect(() => judge(course(() => ({})).slice(-2))).toThrow('too few samples');
});
