import type { Digest } from '../core/digest.ts';
import { fail } from '../core/fault.ts';
import { defaultArtifactLimit } from './content.ts';
import type { ContentStore, Manifest } from './content-store.ts';
import type { Descriptor } from './descriptor.ts';
import { manifestLimit, parseIndex, parseManifest } from './manifest.ts';
import { isIndex, isManifest } from './media-type.ts';
import { writeReferrer } from './referrer.ts';

/** Two places of the same artifact, and its name in the second. */
export interface Copy {
  readonly from: ContentStore;
  /** For messages. */
  readonly reference: string;
  readonly to: ContentStore;
  /** The tag of the copy. Without it, only its digest names it. */
  readonly tag?: string | undefined;
  /** The maximum size of a blob, in bytes. */
  readonly limit?: number;
}

/** What was copied. */
export interface Copied {
  readonly descriptor: Descriptor;
  /** What refers to it, such as signatures. */
  readonly referrers: readonly Descriptor[];
}

const referrerLimit = 256;
const depthLimit = 4;

/**
 * Copies an artifact with everything that refers to it, byte by byte: the digests stay. One blob at a time is held in
 * memory, with its size and digest checked while it is read. The tag comes last, so that a pull by tag finds
 * everything, the signatures included.
 * @throws Fault `artifact_too_large`, `manifest_too_large`, `manifest_invalid`, `referrer_lost`, those of both places
 */
export async function copyArtifact(copy: Copy, signal?: AbortSignal): Promise<Copied> {
  const { from, to, reference, tag, limit = defaultArtifactLimit } = copy;
  const done = new Set<Digest>();

  const descriptor = await from.resolve(signal);
  const root = await copyManifest(descriptor, 0);
  await to.writeManifest(root, undefined, signal);
  const referrers = await copyReferrers(descriptor, 0);
  if (tag !== undefined) await to.writeManifest(root, tag, signal);
  return { descriptor, referrers };

  /** Copies everything below a manifest, and not the manifest itself. */
  async function copyManifest(at: Descriptor, depth: number): Promise<Manifest> {
    if (!isManifest(at.mediaType)) fail('manifest_invalid', { reference, what: `${at.mediaType} is not a manifest` });
    if (depth > depthLimit) fail('manifest_invalid', { reference, what: `nested deeper than ${depthLimit} levels` });
    if (at.size > manifestLimit) fail('manifest_too_large', { reference, limit: manifestLimit });
    const bytes = await from.read(at, signal);
    if (isIndex(at.mediaType)) {
      for (const each of parseIndex(bytes, reference).manifests) {
        const below = await copyManifest(each, depth + 1);
        await to.writeManifest(below, undefined, signal);
        await copyReferrers(each, depth + 1);
      }
    } else {
      const { config, layers } = parseManifest(bytes, reference);
      for (const blob of [config, ...layers]) await copyBlob(blob);
    }
    const { mediaType, digest, size } = at;
    return { descriptor: { mediaType, digest, size }, bytes };
  }

  async function copyBlob(blob: Descriptor): Promise<void> {
    if (done.has(blob.digest)) return;
    if (blob.size > limit) fail('artifact_too_large', { reference, digest: blob.digest, size: blob.size, limit });
    await to.writeBlob(await from.read(blob, signal), signal);
    done.add(blob.digest);
  }

  async function copyReferrers({ digest }: Descriptor, depth: number): Promise<readonly Descriptor[]> {
    const found = await from.referrers(digest, undefined, signal);
    if (found.length > referrerLimit) {
      fail('manifest_invalid', {
        reference,
        what: `${found.length} referrers, but at most ${referrerLimit} can be copied`,
      });
    }
    for (const each of found) {
      if (done.has(each.digest)) continue;
      done.add(each.digest);
      const manifest = await copyManifest(each, depth + 1);
      await writeReferrer(to, manifest, digest, reference, signal);
      await copyReferrers(each, depth + 1);
    }
    return found;
  }
}
