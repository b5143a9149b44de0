import type { SignatureClaim } from '../contract/artifact.ts';

/**
 * The annotations of the manifest that contain the signature over the layer: base64 of 64 raw bytes, and the key's id.
 */
const signatureAnnotation = 'dev.sallyport.signature';
/** sha256 of the signer's SPKI DER, hex. */
export const keyIdAnnotation = 'dev.sallyport.key-id';

type Annotations = Readonly<Record<string, string>>;

/** Reads the signature, if there is one. A malformed signature is a claim too, which the verifier refuses. */
export function signatureClaims(annotations: Annotations): readonly SignatureClaim[] {
  const signature = annotations[signatureAnnotation];
  const keyId = annotations[keyIdAnnotation];
  if (signature === undefined) return [];
  return [{ signature: Buffer.from(signature, 'base64'), ...(keyId !== undefined && { keyId }) }];
}

/** Returns the annotations that `signatureClaims` reads. */
export const signatureAnnotations = ({ signature, keyId }: SignatureClaim): Annotations => ({
  [signatureAnnotation]: Buffer.from(signature).toString('base64'),
  ...(keyId !== undefined && { [keyIdAnnotation]: keyId }),
});
