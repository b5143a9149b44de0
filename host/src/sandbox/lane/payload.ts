/**
 * How much a value of the contract weighs: characters of its texts and bytes of its blobs. What stands between them
 * does not count, so it is less than its JSON.
 */
export function weightOf(value: unknown): number {
  if (typeof value === 'string') return value.length;
  if (typeof value !== 'object' || value === null) return 0;
  if (value instanceof Uint8Array) return value.length;
  let weight = 0;
  for (const member of Object.values(value)) weight += weightOf(member);
  return weight;
}
