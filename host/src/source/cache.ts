import type { Digest } from '../core/digest.ts';
import { Fault, fail } from '../core/fault.ts';
import { fileProblem } from '../core/file-problem.ts';
import type { Log } from '../core/log.ts';
import { isSystemError } from '../core/system-error.ts';
import { contentSource } from './content.ts';
import type { Content } from './content-store.ts';
import { type Descriptor, describe } from './descriptor.ts';
import { type ImageLayout, openImageLayout } from './layout/image-layout.ts';
import { parseIndex } from './manifest.ts';
import { mediaType } from './media-type.ts';
import { isUnreachable } from './oci/retry.ts';
import { formatReference, type Reference } from './reference.ts';
import { referrersTag } from './referrer.ts';
import type { Source } from './source.ts';

/** What the cache of one reference needs. */
export interface CacheOptions {
  /** An OCI image layout, or a folder that is to become one. Several processes may share it. */
  readonly directory: string;
  readonly reference: Reference;
  /** The registry. */
  readonly remote: Content;
  readonly log: Log;
  /** The maximum size of a component, in bytes. */
  readonly limit?: number;
}

/**
 * Creates a Source that asks the registry what a tag names, and for content that is not in the cache. What comes from
 * the cache is hashed again; what is corrupted there is removed and fetched again.
 *
 * Only if the registry cannot be reached, a tag names what it named at the last complete fetch. A refusal (401, 403,
 * 404) is final.
 * @throws Fault `cache_unusable` and those of the remote content, from its methods
 */
export function cachedSource({ directory, reference, remote, log, limit }: CacheOptions): Source {
  const layout = openImageLayout(directory);
  const name = formatReference(reference);
  const origin = { reference: name, repository: `${reference.registry}/${reference.repository}` };

  const content: Content = {
    async resolve(signal) {
      const { digest } = reference;
      const pinned = digest && (await onDisk(() => heldManifest(layout, digest)));
      if (pinned) return pinned;
      try {
        return await remote.resolve(signal);
      } catch (error) {
        const known = error instanceof Fault && isUnreachable(error) && (await onDisk(() => layout.lookUp(name)));
        if (!known) throw error;
        log.warn(
          { reference: name, digest: known.digest, cause: error.message },
          'the registry cannot be reached: using the plugin from the cache, after verifying it again',
        );
        return known;
      }
    },

    async read(descriptor, signal) {
      const held = await onDisk(() => layout.read(descriptor));
      if (held) return held;
      const bytes = await remote.read(descriptor, signal);
      await onDisk(() => layout.write(bytes));
      return bytes;
    },

    async referrers(subject, type, signal) {
      const tag = `${origin.repository}:${referrersTag(subject)}`;
      try {
        const found = await remote.referrers(subject, type, signal);
        const index = { schemaVersion: 2, mediaType: mediaType.imageIndex, manifests: found };
        const bytes = Buffer.from(JSON.stringify(index));
        await onDisk(async () => {
          await layout.write(bytes);
          await layout.name(tag, describe(mediaType.imageIndex, bytes));
        });
        return found;
      } catch (error) {
        if (!(error instanceof Fault && isUnreachable(error))) throw error;
        return onDisk(() => heldReferrers(tag));
      }
    },
  };

  const source = contentSource(content, origin, limit);

  /** Reads the last known list of referrers: an image index under the tag that the specification defines. */
  async function heldReferrers(tag: string): Promise<readonly Descriptor[]> {
    const descriptor = await layout.lookUp(tag);
    const bytes = descriptor && (await layout.read(descriptor));
    return bytes ? parseIndex(bytes, name).manifests : [];
  }
  return {
    ...source,
    async fetch(descriptor, signal) {
      const artifact = await source.fetch(descriptor, signal);
      // Written last, so that a name in the cache always leads to complete content.
      await onDisk(async () => {
        if ((await layout.lookUp(name))?.digest !== descriptor.digest) await layout.name(name, descriptor);
      });
      return artifact;
    },
  };

  /** @throws Fault `cache_unusable` for what the file system throws */
  async function onDisk<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (error instanceof Fault && error.code === 'layout_invalid') {
        return fail('cache_unusable', { ...error.details, reference: name }, error);
      }
      if (!isSystemError(error)) throw error;
      const file = error.path ?? directory;
      return fail('cache_unusable', { reference: name, file, what: fileProblem(error) }, error);
    }
  }
}

/** Returns the manifest with this digest, or undefined if it was never fetched completely. */
async function heldManifest(layout: ImageLayout, digest: Digest): Promise<Descriptor | undefined> {
  return (await layout.entries()).find(({ descriptor }) => descriptor.digest === digest)?.descriptor;
}
