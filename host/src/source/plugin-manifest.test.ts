import { expect, it } from 'vitest';
import { descriptorOf, keyPair } from '../../../test/fixtures/signed-plugin.ts';
import { digestOf } from '../core/digest.ts';
import { buildPluginManifest, createdFrom } from './plugin-manifest.ts';
import { signatureClaims } from './signature-annotation.ts';

const component = Buffer.from('a component');
const content = {
  component,
  descriptor: descriptorOf({ description: 'Redacts.', license: 'Apache-2.0' }),
  imports: ['sallyport:plugin/log@0.1.0', 'sallyport:plugin/context@0.1.0'],
  exports: ['sallyport:plugin/lifecycle@0.1.0'],
  created: '2026-01-02T03:04:05Z',
};
const json = (bytes: Uint8Array) => JSON.parse(Buffer.from(bytes).toString());

it('[SRC-24] is a CNCF Wasm OCI artifact of one layer', () => {
  const { manifest, config, component: layer } = buildPluginManifest(content);
  expect(json(manifest.bytes)).toEqual({
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    config: {
      mediaType: 'application/vnd.wasm.config.v0+json',
      digest: digestOf(config.bytes),
      size: config.bytes.length,
    },
    layers: [{ mediaType: 'application/wasm', digest: digestOf(component), size: 11 }],
    annotations: {
      'org.opencontainers.image.created': content.created,
      'org.opencontainers.image.title': 'redact',
      'org.opencontainers.image.version': '1.0.0',
      'org.opencontainers.image.description': 'Redacts.',
      'org.opencontainers.image.licenses': 'Apache-2.0',
    },
  });
  expect(json(config.bytes)).toEqual({
    created: content.created,
    architecture: 'wasm',
    os: 'wasip2',
    layerDigests: [layer.descriptor.digest],
    component: { imports: content.imports.toReversed(), exports: content.exports },
    sallyport: JSON.parse(JSON.stringify(content.descriptor)),
  });
});

it('[SRC-25] is the same each time, in whatever order the imports come', () => {
  const again = buildPluginManifest({ ...content, imports: content.imports.toReversed() });
  expect(again.manifest.descriptor).toEqual(buildPluginManifest(content).manifest.descriptor);
});

it('carries the signature and the key id as annotations', () => {
  const signature = keyPair().sign(component);
  const { manifest } = buildPluginManifest({ ...content, signature });
  const { annotations } = json(manifest.bytes);
  expect(annotations).toMatchObject({
    'dev.sallyport.signature': Buffer.from(signature.signature).toString('base64'),
    'dev.sallyport.key-id': signature.keyId,
  });
  expect(signatureClaims(annotations)).toEqual([{ ...signature, signature: Buffer.from(signature.signature) }]);
});

it.each([
  [{}, '1970-01-01T00:00:00Z'],
  [{ SOURCE_DATE_EPOCH: '1767323045' }, '2026-01-02T03:04:05Z'],
  [{ SOURCE_DATE_EPOCH: 'yesterday' }, '1970-01-01T00:00:00Z'],
  [{ SOURCE_DATE_EPOCH: '-1' }, '1970-01-01T00:00:00Z'],
])('[SRC-25] is created, with %j, at %s', (environment, created) => {
  expect(createdFrom(environment)).toBe(created);
});
