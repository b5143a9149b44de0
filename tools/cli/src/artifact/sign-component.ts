import { createPublicKey, type KeyObject, sign } from 'node:crypto';
import { type PluginDescriptor, sameDescriptor } from '@sallyport/host/contract';
import { fail } from '@sallyport/host/core';
import { parsePublicKey } from '@sallyport/host/verify';
import { embedDescriptor, readDescriptor } from '@sallyport/host/wasm';

export interface Unsigned {
  readonly bytes: Uint8Array;
  /** The plugin.json next to the component, if there is one. */
  readonly descriptor?: PluginDescriptor;
  /** An Ed25519 key. */
  readonly privateKey: KeyObject;
}

export interface Signed {
  /** The signed bytes: the component with its descriptor embedded. */
  readonly bytes: Uint8Array;
  /** The 64 raw bytes of the signature over `bytes`; the content of `X.sig`. */
  readonly signature: Uint8Array;
  readonly keyId: string;
  /** Whether the descriptor was embedded by this call, so that `bytes` differ from the input. */
  readonly embedded: boolean;
}

/**
 * Signs a component, embedding the descriptor first if it has none.
 * @throws Fault `descriptor_mismatch` when the component has a different one
 */
export function signComponent({ bytes, descriptor, privateKey }: Unsigned): Signed {
  const carried = readDescriptor(bytes);
  if (carried && descriptor && !sameDescriptor(carried, descriptor)) {
    fail('descriptor_mismatch', {
      plugin: carried.id,
      what: 'the descriptor in the component differs from the plugin.json next to it',
      hint: 'build the component again, so that both match',
    });
  }
  const embedded = carried === undefined && descriptor !== undefined;
  const whole = embedded ? embedDescriptor(bytes, descriptor) : bytes;
  return { bytes: whole, embedded, ...signBytes(whole, privateKey) };
}

/** Returns the raw 64-byte signature over these bytes and the id of the key. */
export function signBytes(
  bytes: Uint8Array,
  key: KeyObject,
): { readonly signature: Uint8Array; readonly keyId: string } {
  const publicKeyPem = createPublicKey(key).export({ type: 'spki', format: 'pem' }).toString();
  return { signature: sign(null, bytes, key), keyId: parsePublicKey(publicKeyPem).keyId };
}
