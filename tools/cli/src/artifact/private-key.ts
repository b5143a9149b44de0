import { createPrivateKey, type KeyObject } from 'node:crypto';
import { fail } from '@sallyport/host/core';
import type { Context, Options } from '../command.ts';
import { readInput } from '../read-input.ts';

/** Options of every subcommand that signs. */
export const keyOptions = {
  key: { value: 'FILE', required: true, says: 'the private key: PKCS#8 PEM, encrypted or not' },
  'passphrase-file': {
    value: 'FILE',
    says: 'a file whose first line is the passphrase of an encrypted key; prompted for if omitted',
  },
} as const satisfies Options;

interface KeyOptions {
  readonly key: string;
  readonly 'passphrase-file': string | undefined;
}

/**
 * Reads the private key that the options name. The passphrase comes from its file or is prompted for.
 * @throws Fault `private_key_invalid`, `passphrase_refused`, `usage`
 */
export async function readPrivateKey(options: KeyOptions, { terminal }: Context): Promise<KeyObject> {
  const { key: file, 'passphrase-file': passphraseFile } = options;
  const pem = (await readInput(file)).toString('utf8');
  if (!isEncrypted(pem)) return parsePrivateKey(pem, { file });
  if (passphraseFile !== undefined)
    return parsePrivateKey(pem, { file, passphrase: await readPassphrase(passphraseFile) });
  if (!terminal.interactive)
    fail('passphrase_refused', { file, what: 'stdin is not a terminal, so it cannot be prompted for' });
  const passphrase = await terminal.ask(`Passphrase of ${file}`, { hidden: true, instead: 'use --passphrase-file' });
  return parsePrivateKey(pem, { file, passphrase });
}

/** Reads the passphrase from the first line of a file. @throws Fault `passphrase_refused` when it is empty, `usage` */
export async function readPassphrase(file: string): Promise<string> {
  const [first = ''] = (await readInput(file)).toString('utf8').split(/\r?\n/, 1);
  return first === '' ? fail('passphrase_refused', { file, what: 'its first line is empty' }) : first;
}

/** Reads a PEM. @throws Fault `private_key_invalid`, `passphrase_refused` */
export function parsePrivateKey(
  pem: string,
  { file, passphrase }: { file?: string; passphrase?: string } = {},
): KeyObject {
  const about = file === undefined ? {} : { file };
  let key: KeyObject;
  try {
    key = createPrivateKey({ key: pem, ...(passphrase !== undefined && { passphrase }) });
  } catch (error) {
    if (isEncrypted(pem)) {
      return fail('passphrase_refused', {
        ...about,
        what: passphrase === undefined ? 'none was given' : 'it is wrong',
      });
    }
    return fail('private_key_invalid', about, error);
  }
  if (key.asymmetricKeyType === 'ed25519') return key;
  return fail('private_key_invalid', { ...about, what: `a key of type ${key.asymmetricKeyType}` });
}

const isEncrypted = (pem: string): boolean =>
  pem.includes('-----BEGIN ENCRYPTED PRIVATE KEY-----') || /^Proc-Type: 4,ENCRYPTED/m.test(pem);
