import { generateKeyPairSync } from 'node:crypto';
import { rm, writeFile } from 'node:fs/promises';
import { fail } from '@sallyport/host/core/fault';
import { parsePublicKey } from '@sallyport/host/verify/key';

export interface KeyFiles {
  /** PKCS#8 PEM, readable by its owner alone. */
  readonly privateKey: string;
  /** SPKI PEM. */
  readonly publicKey: string;
}

/**
 * Makes an Ed25519 key pair and writes both halves. Yields the key's id and the public PEM.
 * @throws Fault `file_exists`; then nothing was written
 */
export async function keygen(files: KeyFiles): Promise<{ readonly keyId: string; readonly publicKeyPem: string }> {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519', {
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
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

async function writeNew(file: string, text: string, mode: number): Promise<void> {
  try {
    await writeFile(file, text, { mode, flag: 'wx' });
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return fail('file_exists', { file });
    throw error;
  }
}
