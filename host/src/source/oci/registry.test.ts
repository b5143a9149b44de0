import { rm, writeFile } from 'node:fs/promises';
import { startRegistry } from '@sallyport/registry/start-registry';
import { describe, expect, it, onTestFinished } from 'vitest';
import { descriptorOf, keyPair } from '../../../../test/fixtures/signed-plugin.ts';
import { temporaryFolder } from '../../../../test/fixtures/temporary-folder.ts';
import { digestOf } from '../../core/digest.ts';
import { silentLog } from '../../core/log.ts';
import { createSource, type SourceContext } from '../create-source.ts';
import { blobFile } from '../layout/blob-folder.ts';
import type { PluginContent } from '../plugin-manifest.ts';
import { type Hold, sourceCases } from '../source.case.ts';
import { fetchArtifact } from '../source.ts';
import { pushPlugin } from './push.ts';

async function hold(component: Uint8Array, more: Partial<PluginContent> = {}, on: Partial<SourceContext> = {}) {
  const directory = await temporaryFolder();
  const registry = await startRegistry({ directory });
  onTestFinished(registry.close);
  const reference = `${registry.host}/acme/redact:0.1.0`;
  const manifest = await pushPlugin({
    reference,
    component,
    descriptor: descriptorOf(),
    imports: [],
    exports: [],
    ...more,
  });
  const source = createSource({ oci: reference }, { log: silentLog(), baseDir: '/', ...on });
  const blob = blobFile(directory, digestOf(component));
  const replace = (bytes: Uint8Array | undefined) => (bytes ? writeFile(blob, bytes) : rm(blob));
  return { source, replace, registry, manifest };
}

const inRegistry: Hold = (component, maxBytes) => hold(component, {}, { maxBytes });

describe('from a registry', () => sourceCases(inRegistry));

describe('from a registry through an empty cache', () =>
  sourceCases(async (component, maxBytes) => hold(component, {}, { maxBytes, cacheDir: await temporaryFolder() })));

it('[SRC-04] brings along signature, key id, repository, manifest digest and what the config states', async () => {
  const component = Buffer.from('a component');
  const signature = keyPair().sign(component);
  const { source, manifest, registry } = await hold(component, { signature });
  const artifact = await fetchArtifact(source);
  expect(artifact.signatures).toEqual([{ signature: Buffer.from(signature.signature), keyId: signature.keyId }]);
  expect(artifact.statedDescriptor).toEqual(descriptorOf());
  expect(artifact.origin).toEqual({
    reference: `${registry.host}/acme/redact:0.1.0`,
    repository: `${registry.host}/acme/redact`,
    manifest,
  });
});

it('[SRC-05] finds by digest what was pushed under a tag', async () => {
  const { registry, manifest } = await hold(Buffer.from('a component'));
  const oci = `${registry.host}/acme/redact@${manifest}`;
  await expect(fetchArtifact(createSource({ oci }, { log: silentLog(), baseDir: '/' }))).resolves.toMatchObject({
    origin: { manifest },
  });
});

it.each(['acme/none:1', 'acme/redact:none', `acme/redact@sha256:${'0'.repeat(64)}`])(
  'refuses %s, which is not there, by name',
  async name => {
    const { registry } = await hold(Buffer.from('a component'));
    const reference = `${registry.host}/${name}`;
    const source = createSource({ oci: reference }, { log: silentLog(), baseDir: '/' });
    await expect(source.resolve()).rejects.toMatchObject({ code: 'artifact_not_found', details: { reference } });
  },
);

it('stops when its caller gives up', async () => {
  const { source } = await hold(Buffer.from('a component'));
  await expect(source.resolve(AbortSignal.abort(new Error('enough')))).rejects.toThrow('enough');
});
