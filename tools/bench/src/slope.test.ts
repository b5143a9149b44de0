import { expect, it } from 'vitest';
import { fitSlope } from './slope.ts';

/** A hundred points of a line, moved up and down by turns. */
const line = (slope: number, noise: number) =>
  Array.from(
    { length: 100 },
    (_, index) => [index / 50, 5 + (slope * index) / 50 + (index % 2 ? noise : -noise)] as const,
  );

it.each([
  { slope: 3, noise: 0, most: 1e-9 },
  { slope: -2, noise: 0, most: 1e-9 },
  { slope: 0, noise: 1, most: 0.2 },
  { slope: 3, noise: 1, most: 0.2 },
])('[RUN-74] fits a line of slope $slope to points that lie $noise beside it', ({ slope, noise, most }) => {
  const fitted = fitSlope(line(slope, noise));
  expect(Math.abs(fitted.slope - slope)).toBeLessThanOrEqual(most);
  expect(fitted.error).toBeLessThanOrEqual(most);
  expect(fitted.error > 1e-9).toBe(noise > 0);
});

it('[RUN-74] gives the standard error of a known example', () => {
  // y = 0.9 x + 1.3, with residuals 0.1, -0.3, 0.3, -0.1 around it.
  const points = [0, 1, 2, 3].map((x, index) => [x, 0.9 * x + 1.3 + ([0.1, -0.3, 0.3, -0.1][index] ?? 0)] as const);
  const { slope, error } = fitSlope(points);
  expect(slope).toBeCloseTo(0.9);
  expect(error).toBeCloseTo(Math.sqrt(0.2 / 2 / 5));
});

it('[RUN-74] fits no line to fewer than three points, or to points above each other', () => {
  expect(() => fitSlope(line(1, 0).slice(0, 2))).toThrow('too few points');
  expect(() =>
    fitSlope([
      [1, 1],
      [1, 2],
      [1, 3],
    ]),
  ).toThrow('too few points');
});
