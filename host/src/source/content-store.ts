import type { Digest } from '../core/digest.ts';
import type { Descriptor } from './descriptor.ts';

/** Content by its descriptor, as a registry, a layout or a cache holds it. */
export interface Content {
  /** The manifest that the reference stands for now. */
  resolve(signal?: AbortSignal): Promise<Descriptor>;
  /** Bytes of exactly this size and digest. @throws Fault `size_mismatch`, `digest_mismatch`, `artifact_not_found` */
  read(descriptor: Descriptor, signal?: AbortSignal): Promise<Uint8Array>;
  /**
   * What refers to this manifest (OCI image spec, § subject); of this artifact type alone, where the place can tell.
   */
  referrers(subject: Digest, artifactType?: string, signal?: AbortSignal): Promise<readonly Descriptor[]>;
}

/** A manifest with its bytes. */
export interface Manifest {
  readonly descriptor: Descriptor;
  readonly bytes: Uint8Array;
}

/** A place that content is read from and written to: one repository of a registry, or an image layout. */
export interface ContentStore extends Content {
  /** What a tag of this place stands for; undefined when there is no such tag. */
  tagged(tag: string, signal?: AbortSignal): Promise<Manifest | undefined>;
  /** Every tag of this place, those of lists of referrers too. */
  tags(signal?: AbortSignal): Promise<readonly string[]>;
  writeBlob(bytes: Uint8Array, signal?: AbortSignal): Promise<void>;
  /**
   * Writes a manifest, under its digest and, when there is one, a tag. All that it names must be there already.
   * Returns whether the place itself now lists it among the referrers of its subject.
   */
  writeManifest(manifest: Manifest, tag?: string, signal?: AbortSignal): Promise<boolean>;
}
