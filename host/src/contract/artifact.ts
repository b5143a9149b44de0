import type { Digest } from '../core/digest.ts';
import type { PluginDescriptor } from './plugin-descriptor.ts';

declare const brand: unique symbol;

/** A signature that came with an artifact, not verified yet. */
export interface SignatureClaim {
  /** The raw Ed25519 signature: 64 bytes if it is well-formed, any length otherwise. */
  readonly signature: Uint8Array;
  /** The id of the signer's key as the signer states it: the sha256 of its SPKI DER, in hex. */
  readonly keyId?: string;
}

/** Where an artifact came from, for trust scopes and messages. */
export interface Origin {
  /** The reference, folder or file, as the operator wrote it. */
  readonly reference: string;
  /** `registry/repository` of an OCI source, which trust scopes are matched against; absent for files and layouts. */
  readonly repository?: string;
  /** The digest of the OCI manifest; absent for a file. */
  readonly manifest?: Digest;
}

/** The result of a Source: bytes of the requested size and digest. Their signature is not verified yet. */
export interface Artifact {
  readonly [brand]: 'Artifact';
  readonly bytes: Uint8Array;
  readonly digest: Digest;
  readonly origin: Origin;
  readonly signatures: readonly SignatureClaim[];
  /** Fetches signatures that others attached later. Called only if the ones at hand are not sufficient. */
  readonly attached?: () => Promise<readonly SignatureClaim[]>;
  /**
   * The copy of the descriptor in the manifest's config, unparsed. The signed one in the component takes precedence.
   */
  readonly statedDescriptor?: unknown;
}

/** The signer: a key of the trust store, the key pinned in the source, or none (only if the operator allows it). */
export type Signer =
  | {
      readonly by: 'trust';
      readonly id: string;
      readonly keyId: string;
      /** Whether what it signed may run on the gateway's thread. */
      readonly mayRunInline?: true;
    }
  | { readonly by: 'source'; readonly keyId: string }
  | { readonly by: 'nobody' };

/** An artifact whose signature, trust and embedded descriptor were checked. Only verify/ creates it. */
export interface VerifiedArtifact {
  readonly [brand]: 'VerifiedArtifact';
  readonly bytes: Uint8Array;
  readonly digest: Digest;
  readonly origin: Origin;
  readonly descriptor: PluginDescriptor;
  readonly signer: Signer;
}

/** The only function that creates an Artifact. source/ calls it after it has checked size and digest. */
export const createArtifact = (fields: Omit<Artifact, typeof brand>): Artifact => fields as Artifact;

/** The only function that creates a VerifiedArtifact. Only verify/verifier.ts calls it. */
export const createVerifiedArtifact = (fields: Omit<VerifiedArtifact, typeof brand>): VerifiedArtifact =>
  fields as VerifiedArtifact;
