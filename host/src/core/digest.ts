import { createHash } from 'node:crypto';

/** `sha256:<64 lower-case hex digits>`, as in the OCI image spec (§ Digests). */
export type Digest = string & { readonly brand: 'Digest' };

const pattern = /^sha256:[0-9a-f]{64}$/;

/** Whether `text` is an accepted digest. Only sha256 is, because every registry supports it. */
export function isDigest(text: string): text is Digest {
  return pattern.test(text);
}

/** Returns the digest of these bytes. */
export function digestOf(bytes: Uint8Array): Digest {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}` as Digest;
}
