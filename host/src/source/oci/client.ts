import type { Digest } from '../../core/digest.ts';
import type { Manifest } from '../content-store.ts';
import type { Descriptor } from '../descriptor.ts';
import type { Reference } from '../reference.ts';
import { listReferrers, listTags } from './lists.ts';
import { pullContent, pullManifest } from './pull.ts';
import { type Progress, Repository, type RepositoryOptions } from './repository.ts';
import { type PushedManifest, pushBlob, pushManifest } from './upload.ts';

export interface OciClientOptions extends RepositoryOptions {
  /** Receives how much of a blob was transferred. */
  readonly progress?: Progress | undefined;
}

/**
 * Speaks the OCI distribution specification with one repository of one registry.
 * Everything it throws is a Fault with the reference, or the reason of `signal`.
 */
export interface OciClient {
  /**
   * Pulls a manifest by its tag or digest (§ Pulling manifests).
   * @throws Fault `manifest_too_large`, `digest_mismatch`, `manifest_invalid`, and those of every call:
   * `artifact_not_found`, `registry_denied`, `registry_answer`, `registry_unreachable`, `registry_tls`,
   * `redirect_refused`, `challenge_invalid`, `token_realm_untrusted`, `token_refused`
   */
  manifest(by: string, signal?: AbortSignal): Promise<Manifest>;
  /**
   * Pulls a blob, or a manifest by its digest (§ Pulling blobs). The bytes have the descriptor's size and digest.
   * @throws Fault `size_mismatch`, `digest_mismatch`, and those of every call
   */
  read(descriptor: Descriptor, signal?: AbortSignal): Promise<Uint8Array>;
  /** Pushes a blob, unless the registry already has it (§ Pushing blobs). */
  pushBlob(bytes: Uint8Array, signal?: AbortSignal): Promise<void>;
  /** Pushes a manifest (§ Pushing manifests). `by` is a tag, or the digest of the bytes. */
  pushManifest(bytes: Uint8Array, mediaType: string, by: string, signal?: AbortSignal): Promise<PushedManifest>;
  /**
   * Lists what refers to a manifest (§ Listing referrers): all pages, of one artifact type if it is given. Returns
   * undefined if the registry has no such API.
   * @throws Fault `manifest_too_large`, `manifest_invalid`, `registry_answer` for pages without an end
   */
  referrers(subject: Digest, artifactType?: string, signal?: AbortSignal): Promise<readonly Descriptor[] | undefined>;
  /**
   * Lists tags (§ Listing tags): all pages, in the order of the registry.
   * @throws Fault `registry_answer` for what is not a list, or has no end, and those of every call
   */
  tags(signal?: AbortSignal): Promise<readonly string[]>;
}

/** Creates a client for the repository that the reference names. */
export function createOciClient(target: Reference, { progress, ...options }: OciClientOptions = {}): OciClient {
  const repository = new Repository(target, options);
  return {
    manifest: (by, signal) => pullManifest(repository, by, signal),
    read: (descriptor, signal) => pullContent(repository, descriptor, progress, signal),
    pushBlob: (bytes, signal) => pushBlob(repository, bytes, progress, signal),
    pushManifest: (bytes, mediaType, by, signal) => pushManifest(repository, { bytes, mediaType, by }, signal),
    referrers: (subject, artifactType, signal) => listReferrers(repository, subject, artifactType, signal),
    tags: signal => listTags(repository, signal),
  };
}
