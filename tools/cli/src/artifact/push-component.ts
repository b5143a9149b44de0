import type { SignatureClaim } from '@sallyport/host/contract/artifact';
import type { Digest } from '@sallyport/host/core/digest';
import { fail } from '@sallyport/host/core/fault';
import type { OciClientOptions } from '@sallyport/host/source/oci/client';
import { pushPlugin } from '@sallyport/host/source/oci/push';
import { isSignedBy } from '@sallyport/host/verify/ed25519';
import { parsePublicKey } from '@sallyport/host/verify/key';
import { componentInfo } from '@sallyport/host/wasm/component-info';
import { readDescriptor } from '@sallyport/host/wasm/descriptor-section';

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
