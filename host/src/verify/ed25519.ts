import { createPublicKey, verify } from 'node:crypto';
import { promisify } from 'node:util';
import { Point } from '@noble/ed25519';

/** The length in bytes of a public key, and of each half of a signature. */
const half = 32;

/**
 * Whether these 32 bytes are a sound public key: the canonical encoding (RFC 8032 § 5.1.3) of a point of the
 * prime-order group. Anybody can sign for a key of small order, and a key that is not canonical has two names.
 */
export function isSoundKey(publicKey: Uint8Array): boolean {
  const key = Buffer.from(publicKey).toString('hex');
  const known = soundness.get(key) ?? checkSoundness(publicKey);
  soundness.set(key, known);
  return known;
}

/** Results by key: the check costs as much as a signature, and few keys, all the operator's, sign many plugins. */
const soundness = new Map<string, boolean>();

function checkSoundness(publicKey: Uint8Array): boolean {
  const point = canonicalPoint(publicKey);
  return point !== undefined && !point.isSmallOrder() && point.isTorsionFree();
}

/**
 * Whether `signature` (R and S, 64 bytes) is a signature of `publicKey` over exactly `message` (RFC 8032 § 5.1.7).
 * Refuses keys that isSoundKey refuses, an R that is not canonical or of small order, and an S not below the order. The
 * points are checked here, because Node accepts any. Node checks S and the equation, without the cofactor, on another
 * thread, because messages may be long.
 */
export async function isSignedBy(signature: Uint8Array, message: Uint8Array, publicKey: Uint8Array): Promise<boolean> {
  if (signature.length !== 2 * half || !isSoundKey(publicKey)) return false;
  const commitment = canonicalPoint(signature.subarray(0, half));
  if (commitment === undefined || commitment.isSmallOrder()) return false;
  const x = Buffer.from(publicKey).toString('base64url');
  const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
  return solved(null, message, key, signature);
}

const solved = promisify(verify);

function canonicalPoint(bytes: Uint8Array): Point | undefined {
  try {
    return Point.fromBytes(bytes, false);
  } catch {
    return undefined;
  }
}
