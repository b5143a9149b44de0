import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { readOrCreateOwnerOnly } from '../core/owner-only-file.ts';
import { readRegularFileSync } from '../core/regular-file.ts';
import type { Place } from './sealed-line.ts';

/** The key that signs the checkpoints of a ledger (Ed25519). */
export interface SigningKey {
  /** The SHA-256 of the public key in DER (SubjectPublicKeyInfo), in hexadecimal. */
  readonly keyId: string;
  /** The public key as PEM. */
  readonly publicKey: string;
  /** Signs the place where a chain is. Returns the signature in base64. */
  sign(place: Place, time: string): string;
}

/**
 * Returns the text that the signature of a checkpoint covers: the number and the hash of the line before the
 * checkpoint, and the checkpoint's time.
 */
export const checkpointText = ({ seq, hash }: Place, time: string): string =>
  `sallyport ledger checkpoint\n${seq}\n${hash}\n${time}\n`;

/**
 * Reads a private key in PEM (PKCS#8) that only its owner can read, and creates it if it is missing.
 * @throws the system's error, or an Error that says why it is no such key
 */
export function openSigningKey(file: string): SigningKey {
  const pem = readOrCreateOwnerOnly(file, () => {
    const { privateKey } = generateKeyPairSync('ed25519');
    return privateKey.export({ type: 'pkcs8', format: 'pem' });
  });
  return signingKey(pem);
}

/** Reads such a key, and creates none. @throws as openSigningKey; the system's error if the file is missing */
export const readSigningKey = (file: string): SigningKey => signingKey(readRegularFileSync(file));

function signingKey(pem: Buffer): SigningKey {
  const key = readPrivateKey(pem);
  const publicKey = createPublicKey(key);
  return {
    keyId: keyIdOf(publicKey),
    publicKey: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    sign: (place, time) => sign(null, Buffer.from(checkpointText(place, time)), key).toString('base64'),
  };
}

export const keyIdOf = (publicKey: KeyObject): string =>
  createHash('sha256')
    .update(publicKey.export({ type: 'spki', format: 'der' }))
    .digest('hex');

function readPrivateKey(pem: Buffer): KeyObject {
  let key: KeyObject;
  try {
    key = createPrivateKey(pem);
  } catch {
    throw new Error('it is not an unencrypted private key in PEM (PKCS#8)');
  }
  if (key.asymmetricKeyType === 'ed25519') return key;
  throw new Error(`it is a key of type ${key.asymmetricKeyType}, and not Ed25519`);
}
