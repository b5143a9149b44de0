/** A straight line through points, by least squares. */
export interface Slope {
  /** The change of y for one unit of x. */
  readonly slope: number;
  /** The standard error of the slope, from the distances of the points to the line. */
  readonly error: number;
}

/** Fits a line to points. @throws Error for fewer than three points, or if all have the same x */
export function fitSlope(points: readonly (readonly [x: number, y: number])[]): Slope {
  const count = points.length;
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / count;
  const meanX = mean(points.map(([x]) => x));
  const meanY = mean(points.map(([, y]) => y));
  const sum = (term: (x: number, y: number) => number) =>
    points.reduce((total, [x, y]) => total + term(x - meanX, y - meanY), 0);
  const spread = sum(x => x * x);
  if (count < 3 || spread === 0) throw new Error('too few points for a line');
  const slope = sum((x, y) => x * y) / spread;
  const distances = sum((x, y) => (y - slope * x) ** 2);
  return { slope, error: Math.sqrt(distances / (count - 2) / spread) };
}
