import { createHash } from 'node:crypto';

/** `sha256:<64 lower-case hex digits>`, as in the OCI image spec (§ Digests). */
export type Digest = string & { readonly brand: 'Digest' };

const pattern = /^sha256:[0-9a-f]{64}$/;

/** Whether `text` is a digest that we accept. Only sha256: it is the one that every registry has. */
export function isDigest(text: string): text is Digest {
  return pattern.test(text);
}

/** The digest of these bytes. */
export function digestOf(bytes: Uint8Array): Digest {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}` as Digest;
}
