import type { SignatureClaim } from '@sallyport/host/contract';
import { type Digest, fail } from '@sallyport/host/core';
import { type OciClientOptions, pushPlugin } from '@sallyport/host/source';
import { isSignedBy, parsePublicKey } from '@sallyport/host/verify';
import { componentInfo, readDescriptor } from '@sallyport/host/wasm';

export interface ComponentPush extends OciClientOptions {
  readonly component: Uint8Array;
  /** 64 raw bytes, the content of `X.sig`. */
  readonly signature: Uint8Array;
  /** The signer's SPKI PEM. The signature is checked with it before anything is sent, and its key id is pushed along. */
  readonly publicKeyPem?: string | undefined;
  /** `registry/repository:tag`. */
  readonly reference: string;
}

/**
 * Pushes a signed component with its embedded descriptor. Returns the digest of the manifest.
 * @throws Fault `signature_invalid`, `descriptor_missing`, and those of pushPlugin
 */
export async function pushComponent(push: ComponentPush, signal?: AbortSignal): Promise<Digest> {
  const { component, signature, publicKeyPem, reference, ...options } = push;
  const descriptor = readDescriptor(component) ?? fail('descriptor_missing', { reference });
  const key = publicKeyPem === undefined ? undefined : parsePublicKey(publicKeyPem);
  if (key && !(await isSignedBy(signature, component, key.bytes))) {
    fail('signature_invalid', {
      reference,
      hint: 'sign the component again: it was changed after signing, or signed by another key',
    });
  }
  const claim: SignatureClaim = { signature, ...(key && { keyId: key.keyId }) };
  return pushPlugin(
    { component, descriptor, ...componentInfo(component), signature: claim, reference, ...options },
    signal,
  );
}
