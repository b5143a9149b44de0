import type { Digest } from '../../core/digest.ts';
import { fail } from '../../core/fault.ts';
import { describe } from '../descriptor.ts';
import { isFollowed } from './registry-address.ts';
import type { Progress, Repository } from './repository.ts';
import type { Answer } from './transport.ts';

export interface PushedManifest {
  readonly digest: Digest;
  /** Whether the registry will list it among the referrers of its subject (§ Pushing Manifests with Subject). */
  readonly listed: boolean;
}

/** Pushes a blob by POST and PUT, unless the registry already has it (§ Pushing blobs). */
export async function pushBlob(
  repository: Repository,
  bytes: Uint8Array,
  progress?: Progress,
  signal?: AbortSignal,
): Promise<void> {
  const { digest } = describe('', bytes);
  const scope = repository.push;
  await repository.retry(async () => {
    const held = await repository.send(
      { scope, method: 'HEAD', url: repository.at(`blobs/${digest}`) },
      async ({ status }) => status === 200,
      signal,
    );
    if (held) return;
    const url = await repository.send(
      { scope, method: 'POST', url: repository.at('blobs/uploads/'), headers: { 'content-length': '0' } },
      async answer => uploadUrl(repository, await repository.expect(answer, 202)),
      signal,
    );
    url.searchParams.set('digest', digest);
    const headers = { 'content-type': 'application/octet-stream' };
    const sent = (done: number) => progress?.({ digest, done, total: bytes.byteLength });
    const call = { scope, method: 'PUT', url, headers, body: bytes, sent } as const;
    await repository.send(call, answer => repository.expect(answer, 201), signal);
  }, signal);
}

/** Pushes a manifest (§ Pushing manifests). `by` is a tag, or the digest of the bytes. */
export async function pushManifest(
  repository: Repository,
  manifest: { readonly bytes: Uint8Array; readonly mediaType: string; readonly by: string },
  signal?: AbortSignal,
): Promise<PushedManifest> {
  const { bytes, mediaType, by } = manifest;
  const { digest } = describe(mediaType, bytes);
  const headers = { 'content-type': mediaType };
  const url = repository.at(`manifests/${by}`);
  const call = { method: 'PUT', url, headers, body: bytes, scope: repository.push } as const;
  const isListed = async (answer: Answer) => (await repository.expect(answer, 201)).headers.has('oci-subject');
  return { digest, listed: await repository.retry(() => repository.send(call, isListed, signal), signal) };
}

/** Returns where the registry takes the bytes of an upload. @throws Fault `registry_answer`, `redirect_refused` */
function uploadUrl(repository: Repository, { headers }: Answer): URL {
  const { registry, reference, policy } = repository;
  const location = headers.get('location');
  const url = location === null ? null : URL.parse(location, registry.href);
  if (!url) return repository.refuse('the upload response has no Location');
  if (!isFollowed(registry, url, policy)) {
    fail('redirect_refused', { reference, from: registry.origin, what: `${url.origin} is not https` });
  }
  return url;
}
