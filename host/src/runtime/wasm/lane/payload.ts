/**
 * What is sent to a lane, or kept by it to be sent, at once, in characters and bytes: beyond that it waits, but for one
 * value that is heavier by itself. A lane whose heap overflows while it reads a message ends the whole process.
 */
export const heaviest = 4 * 2 ** 20;

/**
 * How much a value of the contract weighs: characters of its texts and bytes of its blobs, and eight for a number. What
 * stands between them does not count, so it is less than its JSON.
 */
export function weightOf(value: unknown): number {
  if (typeof value === 'string') return value.length;
  if (typeof value === 'number' || typeof value === 'bigint') return 8;
  if (typeof value !== 'object' || value === null) return 0;
  // Also those of the glue's realm, which has classes of its own.
  if (ArrayBuffer.isView(value)) return value.byteLength;
  let weight = 0;
  if (Array.isArray(value)) {
    for (const member of value) weight += weightOf(member);
    return weight;
  }
  // Values of the contract are plain: what they have is their own.
  for (const name in value) weight += weightOf((value as Readonly<Record<string, unknown>>)[name]);
  return weight;
}
