import type { Digest } from '../core/digest.ts';
import { fail } from '../core/fault.ts';
import type { ContentStore, Manifest } from './content-store.ts';
import { type Descriptor, describe } from './descriptor.ts';
import { parseIndex, parseManifest } from './manifest.ts';
import { isIndex, mediaType } from './media-type.ts';

/**
 * The tag under which referrers are kept where there is no referrers API (OCI distribution spec, § Referrers Tag
 * Schema).
 */
export const referrersTag = (subject: Digest): string => subject.replace(':', '-');

/** Whether a tag lists referrers, and does not name an artifact. */
export const isReferrersTag = (tag: string | undefined): boolean => /^sha256-[0-9a-f]{64}$/.test(tag ?? '');

/** Reads the referrers that the fallback tag lists. */
export async function taggedReferrers(
  { tagged }: Pick<ContentStore, 'tagged'>,
  subject: Digest,
  reference: string,
  signal?: AbortSignal,
): Promise<readonly Descriptor[]> {
  const manifest = await tagged(referrersTag(subject), signal);
  // Some registries take this tag for the digest, and respond with the subject itself.
  if (!manifest || manifest.descriptor.digest === subject || !isIndex(manifest.descriptor.mediaType)) return [];
  return parseIndex(manifest.bytes, reference).manifests;
}

/** Describes a referrer as lists of referrers do: with its type and its annotations. */
export function describeReferrer({ descriptor, bytes }: Manifest, reference: string): Descriptor {
  if (isIndex(descriptor.mediaType)) return descriptor;
  const { artifactType, config, annotations } = parseManifest(bytes, reference);
  return { ...descriptor, artifactType: artifactType ?? config.mediaType, ...(annotations && { annotations }) };
}

const attempts = 5;

/**
 * Writes a manifest that refers to `subject`, whose parts are there already; where the place does not list referrers
 * itself, their list under the fallback tag gets one more entry. A concurrent change may undo it: the list
 * is read again, and written again.
 * @throws Fault `referrer_lost` when others kept undoing it; those of the store
 */
export async function writeReferrer(
  store: ContentStore,
  manifest: Manifest,
  subject: Digest,
  reference: string,
  signal?: AbortSignal,
): Promise<void> {
  if (await store.writeManifest(manifest, undefined, signal)) return;
  const entry = describeReferrer(manifest, reference);
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    const listed = await taggedReferrers(store, subject, reference, signal);
    if (listed.some(({ digest }) => digest === entry.digest)) return;
    const bytes = Buffer.from(
      JSON.stringify({ schemaVersion: 2, mediaType: mediaType.imageIndex, manifests: [...listed, entry] }),
    );
    const index = { descriptor: describe(mediaType.imageIndex, bytes), bytes };
    await store.writeManifest(index, referrersTag(subject), signal);
  }
  const listed = await taggedReferrers(store, subject, reference, signal);
  if (!listed.some(({ digest }) => digest === entry.digest))
    fail('referrer_lost', { reference, tag: referrersTag(subject) });
}

/** What is attached to a manifest: one layer, whose media type is also the artifact type. */
export interface Attachment {
  readonly mediaType: string;
  readonly bytes: Uint8Array;
  readonly annotations?: Readonly<Record<string, string>>;
}

/**
 * Attaches something to the manifest `subject`, as a referrer: an image manifest without a config (OCI image spec,
 * § Guidelines for Artifact Usage). Returns the referrer's digest.
 * @throws Fault of the store, `referrer_lost`
 */
export async function attachReferrer(
  store: ContentStore,
  subject: Descriptor,
  { mediaType: type, bytes: layer, annotations }: Attachment,
  reference: string,
  signal?: AbortSignal,
): Promise<Digest> {
  const config = Buffer.from('{}');
  const bytes = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: mediaType.imageManifest,
      artifactType: type,
      config: describe(mediaType.empty, config),
      layers: [describe(type, layer)],
      subject: { mediaType: subject.mediaType, digest: subject.digest, size: subject.size },
      ...(annotations && { annotations }),
    }),
  );
  await store.writeBlob(config, signal);
  await store.writeBlob(layer, signal);
  const manifest = { descriptor: describe(mediaType.imageManifest, bytes), bytes };
  await writeReferrer(store, manifest, subject.digest, reference, signal);
  return manifest.descriptor.digest;
}
