import { stat } from 'node:fs/promises';
import { resolve as resolvePath } from 'node:path';
import { createArtifact, type SignatureClaim } from '../contract/artifact.ts';
import { fail } from '../core/fault.ts';
import { openRegularFile } from '../core/regular-file.ts';
import { isNotFound } from '../core/system-error.ts';
import { defaultArtifactLimit } from './content.ts';
import { failToRead } from './fail-to-read.ts';
import { mediaType } from './media-type.ts';
import { fileBody, readHashed } from './read-verified-body.ts';
import type { Source } from './source.ts';

/** A signature has 64 bytes. A longer file is read only this far, and is refused. */
const signatureLimit = 4096;

/**
 * A Source of one file, `X.wasm`, with its signature beside it: `X.wasm.sig` is the raw 64-byte Ed25519 signature over
 * the exact bytes of `X.wasm`. Without that file, the artifact is unsigned.
 * @throws Fault `artifact_not_found`, `file_unreadable`, `artifact_too_large`; `digest_mismatch` when the file changed
 * between `resolve` and `fetch`; from its methods
 */
export function fileSource(reference: string, baseDir: string, limit: number = defaultArtifactLimit): Source {
  const file = resolvePath(baseDir, reference);

  async function read() {
    try {
      const { size } = await stat(file);
      if (size > limit) fail('artifact_too_large', { reference, file, size, limit });
      return await readHashed(fileBody(file), size, () =>
        fail('file_unreadable', { reference, file, what: 'it grew while it was read' }),
      );
    } catch (error) {
      return failToRead(error, reference, file);
    }
  }

  return {
    reference,
    async resolve() {
      const { bytes, digest } = await read();
      return { mediaType: mediaType.wasm, digest, size: bytes.length };
    },
    async fetch(descriptor) {
      const { bytes, digest } = await read();
      if (digest !== descriptor.digest) {
        fail('digest_mismatch', { reference, file, digest: descriptor.digest, actual: digest });
      }
      return createArtifact({ bytes, digest, origin: { reference }, signatures: await readSidecar(`${file}.sig`) });
    },
  };

  async function readSidecar(path: string): Promise<readonly SignatureClaim[]> {
    try {
      await using handle = await openRegularFile(path);
      const { bytesRead, buffer } = await handle.read(Buffer.alloc(signatureLimit), 0, signatureLimit, 0);
      return [{ signature: buffer.subarray(0, bytesRead) }];
    } catch (error) {
      if (isNotFound(error)) return [];
      return failToRead(error, reference, path);
    }
  }
}
