import type { Digest } from '../core/digest.ts';
import type { PluginDescriptor } from './plugin-descriptor.ts';

declare const brand: unique symbol;

/** A signature that came along with an artifact. Nothing is known about it yet. */
export interface SignatureClaim {
  /** 64 raw bytes of Ed25519 when it is well-formed; any length when it is not. */
  readonly signature: Uint8Array;
  /** sha256 of the signer's SPKI DER, hex, as the signer states it. */
  readonly keyId?: string;
}

/** Where an artifact came from, for trust scopes and messages. */
export interface Origin {
  /** As the operator wrote it: a reference, a folder, a file. */
  readonly reference: string;
  /** `registry/repository` for an OCI source; absent for files and layouts. Trust scopes are matched against it. */
  readonly repository?: string;
  /** Digest of the OCI manifest; absent for a file. */
  readonly manifest?: Digest;
}

/** What a Source yields: bytes that have the size and digest that were asked for. Nobody has vouched for them. */
export interface Artifact {
  readonly [brand]: 'Artifact';
  readonly bytes: Uint8Array;
  readonly digest: Digest;
  readonly origin: Origin;
  readonly signatures: readonly SignatureClaim[];
  /** Signatures that others attached later. They are asked for when those at hand do not suffice. */
  readonly attached?: () => Promise<readonly SignatureClaim[]>;
  /** The descriptor as the manifest's config repeats it, unparsed. The signed one in the component wins. */
  readonly statedDescriptor?: unknown;
}

/** Who signed: a key of the trust store, the key pinned in the source, or nobody (only when the operator allows it). */
export type Signer =
  | { readonly by: 'trust'; readonly id: string; readonly keyId: string }
  | { readonly by: 'source'; readonly keyId: string }
  | { readonly by: 'nobody' };

/** An artifact whose signature, trust and embedded descriptor were checked. Only verify/ makes it. */
export interface VerifiedArtifact {
  readonly [brand]: 'VerifiedArtifact';
  readonly bytes: Uint8Array;
  readonly digest: Digest;
  readonly origin: Origin;
  readonly descriptor: PluginDescriptor;
  readonly signer: Signer;
}

/** The one maker of Artifact. Called by source/ after size and digest were checked. */
export const createArtifact = (fields: Omit<Artifact, typeof brand>): Artifact => fields as Artifact;

/** The one maker of VerifiedArtifact. Called by verify/verifier.ts alone. */
export const createVerifiedArtifact = (fields: Omit<VerifiedArtifact, typeof brand>): VerifiedArtifact =>
  fields as VerifiedArtifact;
