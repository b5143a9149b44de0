import type { SignatureClaim } from '../contract/artifact.ts';

/** Annotations of the manifest that carry the signature over the layer: base64 of 64 raw bytes, and the key's id. */
const signatureAnnotation = 'dev.sallyport.signature';
/** sha256 of the signer's SPKI DER, hex. */
export const keyIdAnnotation = 'dev.sallyport.key-id';

type Annotations = Readonly<Record<string, string>>;

/** Nothing for an unsigned artifact. A signature that is not well-formed is a claim all the same, and will not hold. */
export function signatureClaims(annotations: Annotations): readonly SignatureClaim[] {
  const signature = annotations[signatureAnnotation];
  const keyId = annotations[keyIdAnnotation];
  if (signature === undefined) return [];
  return [{ signature: Buffer.from(signature, 'base64'), ...(keyId !== undefined && { keyId }) }];
}

/** The annotations that `signatureClaims` reads back. */
export const signatureAnnotations = ({ signature, keyId }: SignatureClaim): Annotations => ({
  [signatureAnnotation]: Buffer.from(signature).toString('base64'),
  ...(keyId !== undefined && { [keyIdAnnotation]: keyId }),
});
