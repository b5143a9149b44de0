import { type Artifact, createArtifact, type Origin } from '../contract/artifact.ts';
import { fail } from '../core/fault.ts';
import type { Content } from './content-store.ts';
import type { Descriptor } from './descriptor.ts';
import { chooseManifest, manifestLimit, parsePluginManifest } from './manifest.ts';
import { isIndex, isManifest } from './media-type.ts';
import { statedDescriptor } from './plugin-manifest.ts';
import { signatureClaims } from './signature-annotation.ts';
import { attachedSignatures } from './signature-referrer.ts';
import type { Source } from './source.ts';

/** The default maximum size of a component. Today's toolchains produce up to 20 MB. */
export const defaultArtifactLimit = 64 * 1024 * 1024;
const configLimit = 1024 * 1024;

/**
 * Creates a Source of any OCI content: a manifest (or an index that leads to one), a config, one layer.
 * @throws Fault, from `fetch`: `manifest_too_large`, `manifest_invalid`, `platform_ambiguous`, `layer_count`,
 * `artifact_too_large`, and those of `content`
 */
export function contentSource(
  content: Content,
  origin: Omit<Origin, 'manifest'>,
  limit: number = defaultArtifactLimit,
): Source {
  const { reference } = origin;
  return {
    reference,
    resolve: signal => content.resolve(signal),

    async fetch(descriptor, signal): Promise<Artifact> {
      const manifest = await readManifest(descriptor, signal);
      const { config, component, annotations } = parsePluginManifest(manifest, reference);
      if (component.size > limit) fail('artifact_too_large', { reference, size: component.size, limit });
      if (config.size > configLimit) fail('artifact_too_large', { reference, size: config.size, limit: configLimit });
      const stated = statedDescriptor(config.mediaType, await content.read(config, signal), reference);
      const bytes = await content.read(component, signal);
      return createArtifact({
        bytes,
        digest: component.digest,
        origin: { ...origin, manifest: descriptor.digest },
        signatures: signatureClaims(annotations),
        attached: () => attachedSignatures(content, descriptor.digest, reference, signal),
        ...(stated !== undefined && { statedDescriptor: stated }),
      });
    },
  };

  /** Returns the image manifest that the descriptor leads to: its own content, or the one that an index names. */
  async function readManifest(descriptor: Descriptor, signal?: AbortSignal): Promise<Uint8Array> {
    if (!isManifest(descriptor.mediaType)) {
      fail('manifest_invalid', { reference, what: `${descriptor.mediaType} is not a manifest` });
    }
    if (descriptor.size > manifestLimit) fail('manifest_too_large', { reference, limit: manifestLimit });
    const bytes = await content.read(descriptor, signal);
    return isIndex(descriptor.mediaType) ? readManifest(chooseManifest(bytes, reference), signal) : bytes;
  }
}
