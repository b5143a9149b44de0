import { TooLarge } from '../core/too-large.ts';

/** A body comes slower than the grant allows. */
export class TooSlow extends Error {}

const graceMs = 2000;
const lookMs = 250;

/**
 * Reads a body whole, as it came: nothing is decoded, so nothing grows.
 * @throws TooLarge, TooSlow
 */
export async function readAtMost(
  body: AsyncIterable<Uint8Array> & { destroy(error?: Error): unknown },
  limit: number,
  bytesPerSecond: number,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  const began = performance.now();
  const watch = setInterval(() => {
    const elapsed = performance.now() - began;
    if (elapsed > graceMs && (length * 1000) / elapsed < bytesPerSecond)
      body.destroy(new TooSlow(`a response slower than ${bytesPerSecond} bytes per second`));
  }, lookMs);
  try {
    for await (const chunk of body) {
      length += chunk.length;
      if (length > limit) throw new TooLarge(limit, `a response of more than ${limit} bytes`);
      chunks.push(chunk);
    }
    signal.throwIfAborted();
    return new Uint8Array(Buffer.concat(chunks));
  } finally {
    clearInterval(watch);
  }
}
