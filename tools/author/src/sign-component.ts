import { createPrivateKey, createPublicKey, type KeyObject, sign } from 'node:crypto';
import { fail } from '@sallyport/host/core/fault';
import { type PluginDescriptor, sameDescriptor } from '@sallyport/host/core/plugin-descriptor';
import { embedDescriptor, readDescriptor } from '@sallyport/host/verify/descriptor-section';
import { parsePublicKey } from '@sallyport/host/verify/key';

export interface Unsigned {
  readonly bytes: Uint8Array;
  /** The plugin.json beside the component, when there is one. */
  readonly descriptor?: PluginDescriptor;
  /** PKCS#8 PEM. */
  readonly privateKeyPem: string;
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
 * @throws Fault `descriptor_mismatch` when the component carries another one, `private_key_invalid`
 */
export function signComponent({ bytes, descriptor, privateKeyPem }: Unsigned): Signed {
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
  const key = readPrivateKey(privateKeyPem);
  const publicKeyPem = createPublicKey(key).export({ type: 'spki', format: 'pem' }).toString();
  return { bytes: whole, signature: sign(null, whole, key), keyId: parsePublicKey(publicKeyPem).keyId, embedded };
}

function readPrivateKey(pem: string): KeyObject {
  let key: KeyObject;
  try {
    key = createPrivateKey(pem);
  } catch (error) {
    return fail('private_key_invalid', {}, error);
  }
  if (key.asymmetricKeyType === 'ed25519') return key;
  return fail('private_key_invalid', { what: `a key of type ${key.asymmetricKeyType}` });
}
