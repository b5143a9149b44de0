/**
 * Estimates a quantile of a histogram, as Prometheus does: values are taken to be spread evenly within their bucket.
 * What is above the last bound counts as that bound.
 * @param counts the values of each bucket, the last one without a bound
 */
export function quantileOf(
  quantile: number,
  { bounds, counts }: { readonly bounds: readonly number[]; readonly counts: readonly number[] },
): number {
  const rank = quantile * counts.reduce((sum, each) => sum + each, 0);
  let below = 0;
  for (const [index, bound] of bounds.entries()) {
    const count = counts[index] ?? 0;
    if (count > 0 && below + count >= rank) {
      const lower = bounds[index - 1] ?? 0;
      return lower + (bound - lower) * ((rank - below) / count);
    }
    below += count;
  }
  return below > 0 || (counts[bounds.length] ?? 0) > 0 ? (bounds.at(-1) ?? 0) : 0;
}
