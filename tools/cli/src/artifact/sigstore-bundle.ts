import { createHash, createPublicKey, type KeyObject, sign } from 'node:crypto';
import type { Digest } from '@sallyport/host/core';
import { type Attachment, mediaType } from '@sallyport/host/source';

/** The predicate of an image signed with cosign: it states nothing but that the subject is signed. */
const predicateType = 'https://sigstore.dev/cosign/sign/v1';
const payloadType = 'application/vnd.in-toto+json';

/**
 * Signs the manifest `subject` in cosign's format: a sigstore bundle v0.3 (protobuf-specs, sigstore_bundle.proto) with
 * an in-toto statement in a DSSE envelope, signed by a plain Ed25519 key, without an entry in a transparency log. The
 * same key and manifest give the same bundle.
 */
export function sigstoreBundle(subject: Digest, key: KeyObject): Attachment {
  const payload = Buffer.from(
    JSON.stringify({
      _type: 'https://in-toto.io/Statement/v1',
      subject: [{ digest: { sha256: subject.slice('sha256:'.length) } }],
      predicateType,
      predicate: {},
    }),
  );
  const signature = sign(null, preAuthenticated(payloadType, payload), key);
  const publicKey = createPublicKey(key).export({ type: 'spki', format: 'der' });
  const bundle = {
    mediaType: mediaType.sigstoreBundle,
    verificationMaterial: { publicKey: { hint: createHash('sha256').update(publicKey).digest('base64') } },
    dsseEnvelope: {
      payload: payload.toString('base64'),
      payloadType,
      signatures: [{ sig: signature.toString('base64') }],
    },
  };
  return {
    mediaType: mediaType.sigstoreBundle,
    bytes: Buffer.from(JSON.stringify(bundle)),
    annotations: {
      'dev.sigstore.bundle.content': 'dsse-envelope',
      'dev.sigstore.bundle.predicateType': predicateType,
    },
  };
}

/** Returns the bytes that a DSSE signature covers (DSSE protocol, § Signature Definition, PAE). */
const preAuthenticated = (type: string, payload: Buffer): Buffer =>
  Buffer.concat([Buffer.from(`DSSEv1 ${Buffer.byteLength(type)} ${type} ${payload.length} `), payload]);
