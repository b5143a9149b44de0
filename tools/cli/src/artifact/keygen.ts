import { generateKeyPairSync } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { parsePublicKey } from '@sallyport/host/verify';
import { writeNew } from '../write-file.ts';

export interface KeyFiles {
  /** PKCS#8 PEM, readable by its owner alone. */
  readonly privateKey: string;
  /** SPKI PEM. */
  readonly publicKey: string;
  /** Encrypts the private key (PBES2, AES-256-CBC). */
  readonly passphrase?: string | undefined;
}

/**
 * Generates an Ed25519 key pair and writes both halves. Returns the key's id and the public PEM.
 * @throws Fault `file_exists`, `file_unwritable`; nothing is written then
 */
export async function keygen(files: KeyFiles): Promise<{ readonly keyId: string; readonly publicKeyPem: string }> {
  const { passphrase } = files;
  const encrypted = passphrase === undefined ? {} : { cipher: 'aes-256-cbc', passphrase };
  const { privateKey, publicKey } = generateKeyPairSync('ed25519', {
    privateKeyEncoding: { type: 'pkcs8', format: 'pem', ...encrypted },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  });
  await writeNew(files.privateKey, privateKey, 0o600);
  try {
    await writeNew(files.publicKey, publicKey, 0o644);
  } catch (error) {
    await rm(files.privateKey);
    throw error;
  }
  return { keyId: parsePublicKey(publicKey).keyId, publicKeyPem: publicKey };
}
