import { createHash, generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { parsePublicKey } from './key.ts';

const spki = { type: 'spki', format: 'pem' } as const;
const pkcs8 = { type: 'pkcs8', format: 'pem' } as const;
const ed25519 = generateKeyPairSync('ed25519', { publicKeyEncoding: spki, privateKeyEncoding: pkcs8 });
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048, publicKeyEncoding: spki, privateKeyEncoding: pkcs8 });
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256', publicKeyEncoding: spki, privateKeyEncoding: pkcs8 });
const weak = Buffer.concat([Buffer.from('302a300506032b657003210001', 'hex'), Buffer.alloc(31)]).toString('base64');

const refused = [
  { what: 'an RSA key', pem: rsa.publicKey, says: 'a key of type rsa' },
  { what: 'a key on another curve', pem: ec.publicKey, says: 'a key of type ec' },
  { what: 'a private key', pem: ed25519.privateKey, says: 'a private key' },
  {
    what: 'a certificate',
    pem: ed25519.publicKey.replaceAll('PUBLIC KEY', 'CERTIFICATE'),
    says: 'a PEM block CERTIFICATE',
  },
  { what: 'two keys in one text', pem: ed25519.publicKey.repeat(2), says: 'not one PEM block' },
  { what: 'no PEM at all', pem: 'ssh-ed25519 AAAA', says: 'not one PEM block' },
  { what: 'nothing', pem: '', says: 'not one PEM block' },
  {
    what: 'a PEM block of garbage',
    pem: '-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----',
    says: 'a key of type unknown',
  },
  {
    what: 'a PEM block that goes on after its base64',
    pem: ed25519.publicKey.replace('\n-----END', '=AAAA\n-----END'),
    says: 'a PEM block with data besides its base64',
  },
  {
    what: 'a key of small order',
    pem: `-----BEGIN PUBLIC KEY-----\n${weak}\n-----END PUBLIC KEY-----`,
    says: 'a weak key: its point is of small order or not canonically encoded',
  },
];

describe('a public key', () => {
  it('[VER-01] has the sha256 of its SPKI DER as its id', () => {
    const der = Buffer.from(ed25519.publicKey.split('\n').slice(1, -2).join(''), 'base64');
    const { keyId, bytes } = parsePublicKey(`\n${ed25519.publicKey}\n`);
    expect(keyId).toBe(createHash('sha256').update(der).digest('hex'));
    expect(Buffer.from(bytes)).toEqual(der.subarray(12));
  });

  it.each(refused)('[VER-02] is not $what', ({ pem, says }) => {
    expect(() => parsePublicKey(pem, { key: 'acme' })).toThrow(
      expect.objectContaining({ code: 'key_invalid', details: expect.objectContaining({ what: says, key: 'acme' }) }),
    );
  });
});
