import { createPublicKey, type KeyObject, sign } from 'node:crypto';
import { type PluginDescriptor, sameDescriptor } from '@sallyport/host/contract/plugin-descriptor';
import { fail } from '@sallyport/host/core/fault';
import { parsePublicKey } from '@sallyport/host/verify/key';
import { embedDescriptor, readDescriptor } from '@sallyport/host/wasm/descriptor-section';

export interface Unsigned {
  readonly bytes: Uint8Array;
  /** The plugin.json beside the component, when there is one. */
  readonly descriptor?: PluginDescriptor;
  /** An Ed25519 key. */
  readonly privateKey: KeyObject;
}

export interface Signed {
  /** What was signed: the component, with its descriptor. */
  readonly bytes: Uint8Array;
  /** 64 raw bytes over exactly `bytes`; as a file it is `X.sig`. */
  readonly signature: Uint8Array;
  readonly keyId: string;
  /** Whether the descriptor was embedded now, so that `bytes` differ from what came in. */
  readonly embedded: boolean;
}

/**
 * Signs a component, after embedding the descriptor when it carries none.
 * @throws Fault `descriptor_mismatch` when the component carries another one
 */
export function signComponent({ bytes, descriptor, privateKey }: Unsigned): Signed {
  const carried = readDescriptor(bytes);
  if (carried && descriptor && !sameDescriptor(carried, descriptor)) {
    fail('descriptor_mismatch', {
      plugin: carried.id,
      what: 'the component carries another descriptor than the plugin.json beside it',
      hint: 'build the component again, so that both say the same',
    });
  }
  const embedded = carried === undefined && descriptor !== undefined;
  const whole = embedded ? embedDescriptor(bytes, descriptor) : bytes;
  return { bytes: whole, embedded, ...signBytes(whole, privateKey) };
}

/** The raw signature over these bytes, 64 of them, and the id of the key. */
export function signBytes(
  bytes: Uint8Array,
  key: KeyObject,
): { readonly signature: Uint8Array; readonly keyId: string } {
  const publicKeyPem = createPublicKey(key).export({ type: 'spki', format: 'pem' }).toString();
  return { signature: sign(null, bytes, key), keyId: parsePublicKey(publicKeyPem).keyId };
}
