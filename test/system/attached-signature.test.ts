import { join } from 'node:path';
import { startRegistry } from '@sallyport/registry/start-registry';
import { expect, it, onTestFinished } from 'vitest';
import { silentLog } from '../../host/src/core/log.ts';
import { createSource } from '../../host/src/source/create-source.ts';
import { describe as describeBytes } from '../../host/src/source/descriptor.ts';
import { layoutContent } from '../../host/src/source/layout/oci-layout.ts';
import { mediaType } from '../../host/src/source/media-type.ts';
import { createOciClient } from '../../host/src/source/oci/client.ts';
import { pushPlugin } from '../../host/src/source/oci/push.ts';
import { registryContent } from '../../host/src/source/oci/registry.ts';
import { parseReference } from '../../host/src/source/reference.ts';
import { writeReferrer } from '../../host/src/source/referrer.ts';
import { attachSignature } from '../../host/src/source/signature-referrer.ts';
import { fetchArtifact } from '../../host/src/source/source.ts';
import { createVerifier } from '../../host/src/verify/verifier.ts';
import { componentWith, descriptorOf, flipped, keyPair } from '../fixtures/signed-plugin.ts';
import { temporaryFolder } from '../fixtures/temporary-folder.ts';

const component = componentWith();
const [first, second] = [keyPair(), keyPair()];

async function published() {
  const registry = await startRegistry({ directory: await temporaryFolder() });
  onTestFinished(registry.close);
  const reference = `${registry.host}/acme/redact:1`;
  const plugin = { component, descriptor: descriptorOf(), imports: [], exports: [], signature: first.sign(component) };
  await pushPlugin({ reference, ...plugin });
  const store = registryContent(parseReference(reference), createOciClient(parseReference(reference)));
  return { registry, reference, store, subject: await store.resolve() };
}

const verify = async (oci: string, by: { readonly pem: string }, cacheDir?: string) => {
  const source = createSource(
    { oci },
    { log: silentLog(), baseDir: '/', timeouts: { attempts: 1 }, ...(cacheDir !== undefined && { cacheDir }) },
  );
  const trust = { keys: [{ id: 'trusted', pem: by.pem }], revoked_digests: [] };
  return createVerifier({ trust, requireSigned: true, log: silentLog() }).verify(await fetchArtifact(source), {
    id: 'redact',
  });
};

it('[CLI-14] an attached signature is accepted, and still is from the cache when the registry is away', async () => {
  const { registry, reference, store, subject } = await published();
  const cache = join(await temporaryFolder(), 'cache');
  await expect(verify(reference, second, cache)).rejects.toMatchObject({ code: 'key_unknown' });
  await attachSignature(store, subject, second.sign(component), reference);
  expect(await verify(reference, second, cache)).toMatchObject({ signer: { id: 'trusted' } });
  await registry.close();
  expect(await verify(reference, second, cache)).toMatchObject({ signer: { id: 'trusted' } });
});

it('[CLI-14] the referrers are not asked for when the signature at hand suffices', async () => {
  const { reference } = await published();
  const artifact = await fetchArtifact(createSource({ oci: reference }, { log: silentLog(), baseDir: '/' }));
  const attached = () => Promise.reject(new Error('asked'));
  const trust = { keys: [{ id: 'first', pem: first.pem }], revoked_digests: [] };
  const verifier = createVerifier({ trust, requireSigned: true, log: silentLog() });
  await expect(verifier.verify({ ...artifact, attached }, { id: 'redact' })).resolves.toBeDefined();
});

it('[CLI-16] a signature over other bytes adds nothing, and takes the others nothing away', async () => {
  const { reference, store, subject } = await published();
  await attachSignature(store, subject, second.sign(flipped(component, -1)), reference);
  await expect(verify(reference, second)).rejects.toMatchObject({ code: 'key_unknown' });
  expect(await verify(reference, first)).toMatchObject({ signer: { keyId: first.keyId } });
  await attachSignature(store, subject, second.sign(component), reference);
  expect(await verify(reference, second)).toMatchObject({ signer: { keyId: second.keyId } });
});

const signature = Buffer.from(second.sign(component).signature);
const empty = Buffer.from('{}');
type Change = (good: Record<string, unknown>) => Record<string, unknown>;

it.each<[string, Change]>([
  ['has two layers', good => ({ ...good, layers: [...(good.layers as []), ...(good.layers as [])] })],
  ['has no layer', good => ({ ...good, layers: [] })],
  ['has a layer of another type', good => ({ ...good, layers: [describeBytes('application/x', signature)] })],
  ['has a layer of another length', good => ({ ...good, layers: [describeBytes(mediaType.signature, empty)] })],
  ['is too large', good => ({ ...good, annotations: { a: 'a'.repeat(70_000) } })],
])('[CLI-16] an attached signature that %s is passed over', async (_, change) => {
  const { reference, store, subject } = await published();
  const { mediaType: type, digest, size } = subject;
  const good = {
    schemaVersion: 2,
    mediaType: mediaType.imageManifest,
    artifactType: mediaType.signature,
    config: describeBytes(mediaType.empty, empty),
    layers: [describeBytes(mediaType.signature, signature)],
    subject: { mediaType: type, digest, size },
  };
  await store.writeBlob(empty);
  await store.writeBlob(signature);
  const bytes = Buffer.from(JSON.stringify(change(good)));
  await writeReferrer(store, { descriptor: describeBytes(mediaType.imageManifest, bytes), bytes }, digest, reference);
  await expect(verify(reference, second)).rejects.toMatchObject({ code: 'key_unknown' });
  await attachSignature(store, subject, second.sign(component), reference);
  expect(await verify(reference, second)).toMatchObject({ signer: { keyId: second.keyId } });
});

it('[CLI-15] a list under the fallback tag that others keep undoing is told', async () => {
  const { reference, subject } = await published();
  const store = layoutContent(join(await temporaryFolder(), 'layout'), '/');
  const forgetful = { ...store, tagged: async () => undefined };
  await expect(attachSignature(forgetful, subject, second.sign(component), reference)).rejects.toMatchObject({
    code: 'referrer_lost',
    details: { tag: subject.digest.replace(':', '-') },
  });
});
