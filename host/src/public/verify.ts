/** Signatures, public keys and trust. */

export { isSignedBy } from '../verify/ed25519.ts';
export { type PublicKey, parsePublicKey } from '../verify/key.ts';
export type { TrustPolicy } from '../verify/trust-store.ts';
export { createVerifier } from '../verify/verifier.ts';
