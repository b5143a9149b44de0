import { isDigest } from '../../core/digest.ts';
import { fail } from '../../core/fault.ts';
import type { Manifest } from '../content-store.ts';
import { type Descriptor, describe } from '../descriptor.ts';
import { manifestLimit } from '../manifest.ts';
import { acceptManifest, isManifest } from '../media-type.ts';
import { readBounded, readExactly } from '../read-verified-body.ts';
import type { Progress, Repository } from './repository.ts';
import type { Answer } from './transport.ts';

/** Pulls a manifest by its tag or digest (§ Pulling manifests). @throws as `OciClient.manifest` */
export function pullManifest(repository: Repository, by: string, signal?: AbortSignal): Promise<Manifest> {
  const { reference } = repository;
  return repository.get(
    `manifests/${by}`,
    { accept: acceptManifest },
    async ({ headers, body }) => {
      const bytes = await readBounded(body, manifestLimit, () =>
        fail('manifest_too_large', { reference, limit: manifestLimit }),
      );
      const type = headers.get('content-type')?.split(';')[0]?.trim() ?? '';
      const descriptor = describe(type, bytes);
      for (const stated of [headers.get('docker-content-digest'), by]) {
        if (stated !== null && isDigest(stated) && stated !== descriptor.digest) {
          fail('digest_mismatch', { reference, digest: stated, actual: descriptor.digest });
        }
      }
      if (!isManifest(type)) fail('manifest_invalid', { reference, what: `its type is ${type || 'not stated'}` });
      return { descriptor, bytes };
    },
    signal,
  );
}

/** Pulls a blob, or a manifest by its digest (§ Pulling blobs). @throws as `OciClient.read` */
export function pullContent(
  repository: Repository,
  descriptor: Descriptor,
  progress?: Progress,
  signal?: AbortSignal,
): Promise<Uint8Array> {
  const manifest = isManifest(descriptor.mediaType);
  const headers = { accept: manifest ? acceptManifest : '*/*' };
  const path = `${manifest ? 'manifests' : 'blobs'}/${descriptor.digest}`;
  const read = ({ body }: Answer) => readExactly(counted(body, descriptor, progress), descriptor, repository.reference);
  return repository.get(path, headers, read, signal);
}

async function* counted(
  body: Answer['body'],
  { digest, size: total }: Descriptor,
  progress?: Progress,
): AsyncGenerator<Uint8Array> {
  let done = 0;
  for await (const chunk of body ?? []) {
    done += chunk.byteLength;
    progress?.({ digest, done, total });
    yield chunk;
  }
}
