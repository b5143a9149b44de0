import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { fail } from '../core/fault.ts';
import type { Descriptor } from './descriptor.ts';

/** The body of a `Response`, or anything else that yields bytes. */
export type Body = AsyncIterable<Uint8Array> | null;

/** A file as a body. Pieces of Node's own size, a quarter of this, take twice the time. */
export const fileBody = (path: string): AsyncIterable<Uint8Array> => createReadStream(path, { highWaterMark: 262_144 });

/**
 * Reads at most `limit` bytes; stops at the first byte too many.
 * @throws whatever `tooLarge` throws
 */
export async function readBounded(body: Body, limit: number, tooLarge: () => never): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body ?? []) {
    size += chunk.byteLength;
    if (size > limit) tooLarge(); // Leaving the loop cancels the stream.
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, size);
}

/**
 * Reads content of which size and digest are known, into memory of just that size, hashing on the way.
 * @throws Fault `size_mismatch`, at the first byte too many or at the end; `digest_mismatch`
 */
export async function readExactly(body: Body, expected: Descriptor, reference: string): Promise<Uint8Array> {
  const about = { reference, digest: expected.digest, expected: expected.size };
  const bytes = Buffer.allocUnsafeSlow(expected.size);
  const hash = createHash('sha256');
  let size = 0;
  for await (const chunk of body ?? []) {
    if (size + chunk.byteLength > expected.size) fail('size_mismatch', { ...about, what: 'it goes on after that' });
    bytes.set(chunk, size);
    hash.update(chunk);
    size += chunk.byteLength;
  }
  if (size < expected.size) fail('size_mismatch', { ...about, what: `it ends after ${size} bytes` });
  const actual = `sha256:${hash.digest('hex')}`;
  if (actual !== expected.digest) fail('digest_mismatch', { reference, digest: expected.digest, actual });
  return bytes;
}
