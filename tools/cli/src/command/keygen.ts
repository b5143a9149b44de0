import { fail } from '@sallyport/host/core';
import { keygen } from '../artifact/keygen.ts';
import { readPassphrase } from '../artifact/private-key.ts';
import { defineCommand } from '../command.ts';
import type { Terminal } from '../terminal.ts';

export const command = defineCommand({
  summary: 'generate an Ed25519 key pair for signing plugins',
  about: 'The private key is readable only by its owner. Existing files are not overwritten.',
  arguments: {},
  options: {
    key: { value: 'FILE', default: 'signing-key.pem', says: 'the private key, as PKCS#8 PEM' },
    public: { value: 'FILE', says: 'the public key, as SPKI PEM (default: KEY with the extension .pub.pem)' },
    encrypt: { says: 'prompt for a passphrase and encrypt the private key with it' },
    'passphrase-file': { value: 'FILE', says: 'encrypt the private key with the first line of FILE' },
  },
  example: 'sallyport keygen --key signing-key.pem',
  async run({ options }, { terminal }) {
    const { key: privateKey, encrypt, 'passphrase-file': passphraseFile } = options;
    const publicKey = options.public ?? privateKey.replace(/(\.pem)?$/, '.pub.pem');
    const asked = encrypt && passphraseFile === undefined ? await askTwice(terminal, privateKey) : undefined;
    const passphrase = passphraseFile === undefined ? asked : await readPassphrase(passphraseFile);
    const { keyId } = await keygen({ privateKey, publicKey, passphrase });
    return {
      json: { private_key: privateKey, public_key: publicKey, key_id: keyId, encrypted: passphrase !== undefined },
      text: `private_key: ${privateKey}\npublic_key: ${publicKey}\nkey_id: ${keyId}`,
    };
  },
});

async function askTwice(terminal: Terminal, file: string): Promise<string> {
  const about = { hidden: true, instead: 'use --passphrase-file' };
  const first = await terminal.ask(`Passphrase for ${file}`, about);
  if (first === '') fail('passphrase_refused', { file, what: 'it is empty' });
  if ((await terminal.ask('Repeat the passphrase', about)) !== first)
    fail('passphrase_refused', { file, what: 'the two differ' });
  return first;
}
