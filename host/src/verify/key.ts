import { createHash, createPublicKey } from 'node:crypto';
import { type FaultDetails, fail } from '../core/fault.ts';
import { isSoundKey } from './ed25519.ts';

/** An Ed25519 public key. */
export interface PublicKey {
  /** The 32 bytes of the key. */
  readonly bytes: Uint8Array;
  /** sha256 of the SPKI DER, 64 hex digits. */
  readonly keyId: string;
}

/** The bytes before the key in every SPKI DER of Ed25519 (RFC 8410 § 4). */
const prefix = Buffer.from('302a300506032b6570032100', 'hex');
const block = /^-----BEGIN ([A-Z0-9 ]+)-----\s+([A-Za-z0-9+/=\s]+)-----END \1-----$/;

/**
 * Reads a PEM block `PUBLIC KEY` with an Ed25519 key, as `openssl pkey -pubout` writes it.
 * @throws Fault `key_invalid`, which says what it found instead; `about` says whose key it is
 */
export function parsePublicKey(pem: string, about: FaultDetails = {}): PublicKey {
  const refuse = (what: string, hint?: string): never =>
    fail('key_invalid', { ...about, what, ...(hint === undefined ? {} : { hint }) });
  const [, label, base64] = block.exec(pem.trim()) ?? [];
  if (label === undefined || base64 === undefined) return refuse('not one PEM block');
  if (label.endsWith('PRIVATE KEY')) {
    return refuse(
      'a private key',
      'keep it away from the gateway; to get its public key: openssl pkey -in key.pem -pubout',
    );
  }
  if (label !== 'PUBLIC KEY') return refuse(`a PEM block ${label}`);
  const der = Buffer.from(base64, 'base64');
  // Node ignores what is not base64, and stops at the first `=`, but a key must have only one text.
  if (der.toString('base64') !== base64.replace(/\s/g, '')) return refuse('a PEM block with data besides its base64');
  if (der.length !== prefix.length + 32 || !der.subarray(0, prefix.length).equals(prefix)) {
    return refuse(`a key of type ${typeOf(pem)}`);
  }
  const bytes = new Uint8Array(der.subarray(prefix.length));
  if (!isSoundKey(bytes)) {
    return refuse('a weak key: its point is of small order or not canonically encoded', 'generate a key with a tool');
  }
  return { bytes, keyId: createHash('sha256').update(der).digest('hex') };
}

function typeOf(pem: string): string {
  try {
    return createPublicKey(pem).asymmetricKeyType ?? 'unknown';
  } catch {
    return 'unknown';
  }
}
