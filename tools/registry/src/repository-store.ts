import { type Digest, digestOf, isDigest } from '@sallyport/host/core';
import { type Descriptor, descriptorSchema, type ImageLayout, isManifest, mediaType } from '@sallyport/host/source';
import { z } from 'zod';
import { refuse } from './distribution-error.ts';

/** A manifest with its bytes. */
export interface StoredManifest {
  readonly descriptor: Descriptor;
  readonly bytes: Uint8Array;
}

/**
 * Manifests and tags of all repositories, in one image layout.
 *
 * The names in the layout encode the repository: `repository:tag` for a tag, `repository@digest` for a manifest, tagged
 * or not. So the folder is a valid layout, and `skopeo copy oci:folder:repository:tag …` works. Blobs are shared by all
 * repositories, because there are no private ones.
 */
export interface RepositoryStore {
  tags(repository: string): Promise<readonly string[]>;
  /** Finds a manifest by tag or digest. */
  manifest(repository: string, by: string): Promise<StoredManifest>;
  put(repository: string, by: string, type: string, bytes: Uint8Array): Promise<{ digest: Digest; subject?: Digest }>;
  /** Deletes one tag, or a manifest with all of its tags. */
  remove(repository: string, by: string): Promise<void>;
  /** Lists manifests whose subject is `digest`, whether or not that manifest exists here. */
  referrers(repository: string, digest: Digest): Promise<readonly Descriptor[]>;
}

/** The fields that the server reads of any manifest. */
const manifestSchema = z.object({
  schemaVersion: z.literal(2),
  mediaType: z.string().optional(),
  artifactType: z.string().optional(),
  config: descriptorSchema.optional(),
  layers: z.array(descriptorSchema).optional(),
  manifests: z.array(descriptorSchema).optional(),
  subject: descriptorSchema.optional(),
  annotations: z.record(z.string(), z.string()).optional(),
});

const tagPattern = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/;

export function createRepositoryStore(layout: ImageLayout): RepositoryStore {
  const nameOf = (repository: string, by: string) => (isDigest(by) ? `${repository}@${by}` : `${repository}:${by}`);

  /** Returns the entries of one repository by tag or digest. */
  async function held(repository: string): Promise<ReadonlyMap<string, Descriptor>> {
    const entries = (await layout.entries()).filter(({ name }) => /^[^:@]+/.exec(name)?.[0] === repository);
    return new Map(entries.map(({ name, descriptor }) => [name.slice(repository.length + 1), descriptor]));
  }

  async function manifest(repository: string, by: string): Promise<StoredManifest> {
    // A layout made by another tool lists manifests only by tag.
    const descriptor =
      (await layout.lookUp(nameOf(repository, by))) ??
      [...(await held(repository)).values()].find(({ digest }) => digest === by);
    const bytes = descriptor && (await layout.read(descriptor));
    return bytes ? { descriptor, bytes } : refuse('MANIFEST_UNKNOWN', `no manifest ${by} in ${repository}`);
  }

  return {
    manifest,

    async tags(repository) {
      const names = [...(await held(repository)).keys()];
      if (names.length === 0) refuse('NAME_UNKNOWN', `no repository ${repository}`);
      return names.filter(name => !isDigest(name)).sort();
    },

    async put(repository, by, type, bytes) {
      if (!isManifest(type)) refuse('MANIFEST_INVALID', `${type || 'no media type'} is not a manifest's media type`);
      const content = parse(bytes);
      if (content.mediaType !== undefined && content.mediaType !== type) {
        refuse('MANIFEST_INVALID', `sent as ${type}, but its mediaType is ${content.mediaType}`);
      }
      const digest = digestOf(bytes);
      if (isDigest(by) ? by !== digest : by.includes(':'))
        refuse('DIGEST_INVALID', `the content has the digest ${digest}`);
      if (!isDigest(by) && !tagPattern.test(by)) refuse('MANIFEST_INVALID', `${by} is not a tag`);
      for (const part of [content.config, ...(content.layers ?? []), ...(content.manifests ?? [])]) {
        if (part && (await layout.size(part.digest)) === undefined) {
          refuse('MANIFEST_BLOB_UNKNOWN', `${part.digest} has not been pushed`);
        }
      }
      await layout.write(bytes);
      const descriptor = { mediaType: type, digest, size: bytes.byteLength };
      await layout.name(nameOf(repository, digest), descriptor);
      if (!isDigest(by)) await layout.name(nameOf(repository, by), descriptor);
      return { digest, ...(content.subject && { subject: content.subject.digest }) };
    },

    async remove(repository, by) {
      const entries = [...(await held(repository))].filter(([name, { digest }]) => name === by || digest === by);
      if (entries.length === 0) refuse('MANIFEST_UNKNOWN', `no manifest ${by} in ${repository}`);
      for (const [name] of entries) await layout.name(nameOf(repository, name), undefined);
    },

    async referrers(repository, digest) {
      const found: Descriptor[] = [];
      for (const [name, descriptor] of await held(repository)) {
        if (!isDigest(name)) continue;
        const bytes = await layout.read(descriptor);
        const content = bytes && parse(bytes);
        if (content?.subject?.digest !== digest) continue;
        const { annotations } = content;
        const artifactType = content.artifactType ?? content.config?.mediaType;
        const { mediaType, size } = descriptor;
        found.push({
          mediaType,
          digest: descriptor.digest,
          size,
          ...(artifactType !== undefined && { artifactType }),
          ...(annotations && { annotations }),
        });
      }
      return found;
    },
  };
}

function parse(bytes: Uint8Array): z.infer<typeof manifestSchema> {
  try {
    return manifestSchema.parse(JSON.parse(Buffer.from(bytes).toString()));
  } catch {
    return refuse('MANIFEST_INVALID', 'not an image manifest or an image index');
  }
}

/** Formats a response of the referrers API. */
export const referrersIndex = (manifests: readonly Descriptor[]): string =>
  JSON.stringify({ schemaVersion: 2, mediaType: mediaType.imageIndex, manifests });
