import { open, stat } from 'node:fs/promises';
import { resolve as resolvePath } from 'node:path';
import { createArtifact, type SignatureClaim } from '../core/artifact.ts';
import { fail } from '../core/fault.ts';
import { defaultArtifactLimit } from './content.ts';
import { describe } from './descriptor.ts';
import { failToRead } from './fail-to-read.ts';
import { mediaType } from './media-type.ts';
import { fileBody, readBounded } from './read-body.ts';
import type { Source } from './source.ts';

/** A signature is 64 bytes; what is longer is read this far, and will not hold. */
const signatureLimit = 4096;

/**
 * A Source of one file, `X.wasm`, with its signature beside it: `X.wasm.sig` is the raw 64-byte Ed25519 signature over
 * the exact bytes of `X.wasm`. No such file, no signature.
 * @throws Fault `artifact_not_found`, `file_unreadable`, `artifact_too_large`; `digest_mismatch` when the file changed
 * between `resolve` and `fetch`; from its methods
 */
export function fileSource(reference: string, baseDir: string, limit: number = defaultArtifactLimit): Source {
  const file = resolvePath(baseDir, reference);

  const read = async (path: string, most: number): Promise<Uint8Array> => {
    try {
      const { size } = await stat(path);
      if (size > most) fail('artifact_too_large', { reference, file: path, size, limit: most });
      return await readBounded(fileBody(path), most, () =>
        fail('artifact_too_large', { reference, file: path, limit: most }),
      );
    } catch (error) {
      return failToRead(error, reference, path);
    }
  };

  return {
    reference,
    resolve: async () => describe(mediaType.wasm, await read(file, limit)),
    async fetch(descriptor) {
      const bytes = await read(file, limit);
      const { digest } = describe(mediaType.wasm, bytes);
      if (digest !== descriptor.digest) {
        fail('digest_mismatch', { reference, file, digest: descriptor.digest, actual: digest });
      }
      return createArtifact({ bytes, digest, origin: { reference }, signatures: await readSidecar(`${file}.sig`) });
    },
  };

  async function readSidecar(path: string): Promise<readonly SignatureClaim[]> {
    try {
      await using handle = await open(path, 'r');
      const { bytesRead, buffer } = await handle.read(Buffer.alloc(signatureLimit), 0, signatureLimit, 0);
      return [{ signature: buffer.subarray(0, bytesRead) }];
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
      return failToRead(error, reference, path);
    }
  }
}
