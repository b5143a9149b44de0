import type { SignatureClaim } from '../contract/artifact.ts';
import type { Digest } from '../core/digest.ts';
import { Fault } from '../core/fault.ts';
import type { Content, ContentStore } from './content-store.ts';
import type { Descriptor } from './descriptor.ts';
import { parseManifest } from './manifest.ts';
import { mediaType } from './media-type.ts';
import { attachReferrer } from './referrer.ts';
import { keyIdAnnotation } from './signature-annotation.ts';

const signatureBytes = 64;
/** The maximum of attached signatures that are read, and the size of their manifests. */
const countLimit = 16;
const manifestBytes = 64 * 1024;

/**
 * Attaches a signature over the component to the manifest `subject`, as a referrer: an image manifest of its own type
 * with one layer, which is the signature, the same 64 bytes as in `X.sig`. Returns the referrer's digest.
 * @throws Fault of the store, `referrer_lost`
 */
export const attachSignature = (
  store: ContentStore,
  subject: Descriptor,
  { signature, keyId }: SignatureClaim,
  reference: string,
  signal?: AbortSignal,
): Promise<Digest> =>
  attachReferrer(
    store,
    subject,
    {
      mediaType: mediaType.signature,
      bytes: signature,
      ...(keyId !== undefined && { annotations: { [keyIdAnnotation]: keyId } }),
    },
    reference,
    signal,
  );

/**
 * The signatures that are attached to a manifest. One that is not as `attachSignature` makes it is skipped: anyone who
 * may write to the repository could otherwise take the good ones away with a bad one.
 * @throws Fault of the place that holds them
 */
export async function attachedSignatures(
  content: Content,
  subject: Digest,
  reference: string,
  signal?: AbortSignal,
): Promise<readonly SignatureClaim[]> {
  const referrers = await content.referrers(subject, mediaType.signature, signal);
  const claims: SignatureClaim[] = [];
  for (const each of referrers
    .filter(({ artifactType }) => artifactType === mediaType.signature)
    .slice(0, countLimit)) {
    const claim = await readClaim(each).catch(error => {
      if (error instanceof Fault && passedOver.has(error.code)) return undefined;
      throw error;
    });
    if (claim) claims.push(claim);
  }
  return claims;

  async function readClaim(descriptor: Descriptor): Promise<SignatureClaim | undefined> {
    if (descriptor.mediaType !== mediaType.imageManifest || descriptor.size > manifestBytes) return undefined;
    const manifest = parseManifest(await content.read(descriptor, signal), reference);
    const [layer, ...more] = manifest.layers;
    if (manifest.subject?.digest !== subject || !layer || more.length > 0) return undefined;
    if (layer.mediaType !== mediaType.signature || layer.size !== signatureBytes) return undefined;
    const keyId = manifest.annotations?.[keyIdAnnotation];
    return { signature: await content.read(layer, signal), ...(keyId !== undefined && { keyId }) };
  }
}

const passedOver: ReadonlySet<string> = new Set([
  'manifest_invalid',
  'artifact_not_found',
  'size_mismatch',
  'digest_mismatch',
]);
