import { createHash } from 'node:crypto';
import type { Digest } from '../core/digest.ts';
import { fail } from '../core/fault.ts';
import { openRegularFile } from '../core/regular-file.ts';
import type { Descriptor } from './descriptor.ts';

/** The body of a `Response`, or anything else that yields bytes. */
export type Body = AsyncIterable<Uint8Array> | null;

/** Returns a file as a body. Node's default chunks, a quarter of this size, take twice the time. */
export async function* fileBody(path: string): AsyncIterable<Uint8Array> {
  const handle = await openRegularFile(path);
  yield* handle.createReadStream({ highWaterMark: 262_144 });
}

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
 * Reads at most `room` bytes, into memory of exactly that size, and hashes them chunk by chunk: hashing a large
 * component at once would block the thread for a tenth of a second.
 * @throws whatever `tooLarge` throws, at the first byte too many
 */
export async function readHashed(
  body: Body,
  room: number,
  tooLarge: () => never,
): Promise<{ readonly bytes: Uint8Array; readonly digest: Digest }> {
  const bytes = Buffer.allocUnsafeSlow(room);
  const hash = createHash('sha256');
  let size = 0;
  for await (const chunk of body ?? []) {
    if (size + chunk.byteLength > room) tooLarge(); // Leaving the loop cancels the stream.
    bytes.set(chunk, size);
    hash.update(chunk);
    size += chunk.byteLength;
  }
  return { bytes: bytes.subarray(0, size), digest: `sha256:${hash.digest('hex')}` as Digest };
}

/**
 * Reads content whose size and digest are known.
 * @throws Fault `size_mismatch`, at the first byte too many or at the end; `digest_mismatch`
 */
export async function readExactly(body: Body, expected: Descriptor, reference: string): Promise<Uint8Array> {
  const refuseSize = (what: string) =>
    fail('size_mismatch', { reference, digest: expected.digest, expected: expected.size, what });
  const { bytes, digest } = await readHashed(body, expected.size, () => refuseSize('it is longer'));
  if (bytes.length < expected.size) refuseSize(`it ends after ${bytes.length} bytes`);
  if (digest !== expected.digest) fail('digest_mismatch', { reference, digest: expected.digest, actual: digest });
  return bytes;
}
