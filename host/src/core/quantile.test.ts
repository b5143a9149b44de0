import { expect, it } from 'vitest';
import { quantileOf } from './quantile.ts';

const bounds = [1, 2, 4];

it.each<[quantile: number, counts: number[], value: number]>([
  [0.5, [10, 0, 0, 0], 0.5],
  [0.99, [100, 0, 0, 0], 0.99],
  [0.5, [0, 10, 0, 0], 1.5],
  [0.5, [5, 0, 5, 0], 1],
  [0.95, [5, 0, 5, 0], 3.8],
  [1, [1, 1, 1, 0], 4],
  [0.99, [1, 0, 0, 99], 4],
  [0.5, [0, 0, 0, 3], 4],
  [0.5, [0, 0, 0, 0], 0],
])('[ADM-111] the quantile %f of %j is %f', (quantile, counts, value) => {
  expect(quantileOf(quantile, { bounds, counts })).toBeCloseTo(value);
});
