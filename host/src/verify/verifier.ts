import { type Artifact, createVerifiedArtifact, type Signer, type VerifiedArtifact } from '../contract/artifact.ts';
import { type PluginDescriptor, parseDescriptor, sameDescriptor } from '../contract/plugin-descriptor.ts';
import { Fault, type FaultDetails, fail } from '../core/fault.ts';
import type { Log } from '../core/log.ts';
import { readDescriptor, requireComponent } from '../wasm/descriptor-section.ts';
import { isSignedBy } from './ed25519.ts';
import { type PublicKey, parsePublicKey } from './key.ts';
import { createTrustStore, type TrustedPublicKey, type TrustPolicy } from './trust-store.ts';

export interface VerifierOptions {
  readonly trust: TrustPolicy;
  /** Whether an artifact without a signature is refused. One whose signatures are invalid always is. */
  readonly requireSigned: boolean;
  readonly now?: () => Date;
  readonly log: Log;
}

/** What the operator's file says about the plugin that is verified. */
export interface Expectation {
  readonly id: string;
  /** PEM of the only key that is accepted for this plugin. Without it, the trust store decides. */
  readonly publicKey?: string | undefined;
  /** The descriptor as the operator states it, for a component that contains none. */
  readonly stated?: PluginDescriptor | undefined;
}

export interface Verifier {
  /**
   * Checks that the artifact is a component, is not revoked, is signed over exactly these bytes by an accepted key, has
   * a descriptor that is the same wherever it is stated, has the expected id, and is not expired, in this order.
   * @throws Fault with its own code for each check, always with `plugin` and `reference`
   */
  verify(artifact: Artifact, expected: Expectation): Promise<VerifiedArtifact>;
}

/** Signatures of one artifact that are checked at most: each costs a hash over all of its bytes for each key. */
const signatureLimit = 16;

/** Creates a verifier. @throws Fault `key_invalid` for an entry of the trust store that is not a key */
export function createVerifier({ trust, requireSigned, now = () => new Date(), log }: VerifierOptions): Verifier {
  const store = createTrustStore(trust);

  async function checked(artifact: Artifact, expected: Expectation): Promise<VerifiedArtifact> {
    const { bytes, digest, origin } = artifact;
    requireComponent(bytes);
    if (store.isRevoked(digest)) fail('digest_revoked', { digest });
    const signer = await signerOf(artifact, expected);
    const descriptor = descriptorOf(artifact, expected.stated);
    if (descriptor.id !== expected.id) fail('plugin_id_mismatch', { stated: descriptor.id });
    if (descriptor.expires && new Date(descriptor.expires) <= now()) {
      fail('plugin_expired', { expires: descriptor.expires });
    }
    return createVerifiedArtifact({ bytes, digest, origin, descriptor, signer });
  }

  /** Finds the signer: by the signatures of the artifact, or else by those that were attached later. */
  async function signerOf(artifact: Artifact, expected: Expectation): Promise<Signer> {
    const atHand = artifact.signatures.length > 0 ? await attempt(artifact, expected) : undefined;
    if (atHand && !(atHand instanceof Fault)) return atHand;
    const attached = (await artifact.attached?.()) ?? [];
    if (attached.length > 0) {
      const later = await attempt({ ...artifact, signatures: attached }, expected);
      if (!(later instanceof Fault)) return later;
      throw atHand ?? later;
    }
    if (atHand) throw atHand;
    return decideSigner(artifact, expected);
  }

  const attempt = (artifact: Artifact, expected: Expectation): Promise<Signer | Fault> =>
    decideSigner(artifact, expected).catch(error => {
      if (error instanceof Fault) return error;
      throw error;
    });

  async function decideSigner(artifact: Artifact, { id, publicKey }: Expectation): Promise<Signer> {
    if (artifact.signatures.length === 0) {
      if (requireSigned) fail('signature_missing');
      log.warn({ plugin: id, reference: artifact.origin.reference }, 'this plugin is not signed');
      return { by: 'nobody' };
    }
    if (artifact.signatures.length > signatureLimit) {
      fail('signature_invalid', {
        what: `${artifact.signatures.length} signatures; at most ${signatureLimit} are allowed`,
      });
    }
    return publicKey === undefined ? trustedSigner(artifact) : pinnedSigner(artifact, publicKey);
  }

  async function pinnedSigner(artifact: Artifact, pem: string): Promise<Signer> {
    const pinned = parsePublicKey(pem, { key: 'public_key of the source' });
    const listed = store.keys.find(key => key.keyId === pinned.keyId);
    if (listed?.entry.status === 'revoked') fail('key_revoked', { key: listed.entry.id, keyId: listed.keyId });
    for (const { signature } of artifact.signatures) {
      if (await isSignedBy(signature, artifact.bytes, pinned.bytes)) return { by: 'source', keyId: pinned.keyId };
    }
    return refuse(artifact, [pinned]);
  }

  async function trustedSigner(artifact: Artifact): Promise<Signer> {
    let objection: Fault | undefined;
    for (const { signature, keyId } of artifact.signatures) {
      for (const key of candidates(keyId)) {
        if (!(await isSignedBy(signature, artifact.bytes, key.bytes))) continue;
        const found = store.objection(key, artifact.origin.repository, now());
        if (found === undefined) return signerWith(key);
        objection ??= found;
      }
    }
    if (objection) throw objection;
    return refuse(artifact, store.keys);
  }

  /** Returns the keys to try. A claim names its key only to save work: if the key is unknown, every key is tried. */
  function candidates(keyId: string | undefined): readonly TrustedPublicKey[] {
    const named = store.keys.filter(key => key.keyId === keyId);
    return named.length > 0 ? named : store.keys;
  }

  return {
    async verify(artifact, expected) {
      try {
        return await checked(artifact, expected);
      } catch (error) {
        if (!(error instanceof Fault)) throw error;
        throw error.with({ plugin: expected.id, reference: artifact.origin.reference });
      }
    },
  };
}

const signerWith = ({ entry: { id, inline }, keyId }: TrustedPublicKey): Signer => ({
  ...{ by: 'trust', id, keyId },
  ...(inline === true && { mayRunInline: true }),
});

/** Refuses signatures none of which is valid: the key is unknown, or it signed other bytes. */
function refuse({ signatures }: Artifact, keys: readonly PublicKey[]): never {
  const known = new Set(keys.map(key => key.keyId));
  const named = signatures.flatMap(({ keyId }) => (keyId === undefined ? [] : [keyId]));
  const about: FaultDetails = { signers: named, trusted: [...known] };
  if (keys.length === 0) return fail('key_unknown', about);
  if (named.length === signatures.length && !named.some(keyId => known.has(keyId))) return fail('key_unknown', about);
  return fail('signature_invalid', about);
}

/** Returns the descriptor of the component; the manifest and the operator must state the same one. */
function descriptorOf({ bytes, statedDescriptor }: Artifact, stated: PluginDescriptor | undefined): PluginDescriptor {
  const embedded = readDescriptor(bytes);
  if (embedded === undefined) return stated ?? fail('descriptor_missing');
  if (stated && !sameDescriptor(embedded, stated)) {
    fail('descriptor_mismatch', { what: 'the descriptor in the configuration differs from the one in the component' });
  }
  if (statedDescriptor !== undefined && !repeats(statedDescriptor, embedded)) {
    fail('descriptor_mismatch', { what: 'the descriptor in the manifest differs from the one in the component' });
  }
  return embedded;
}

function repeats(value: unknown, embedded: PluginDescriptor): boolean {
  try {
    return sameDescriptor(parseDescriptor(value), embedded);
  } catch {
    return false;
  }
}
