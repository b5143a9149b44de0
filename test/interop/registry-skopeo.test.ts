/** The registry for development, the cache and layouts, used by a client that is not ours. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { startRegistry } from '@sallyport/registry/start-registry';
import { expect, onTestFinished } from 'vitest';
import { silentLog } from '../../host/src/core/log.ts';
import { createSource } from '../../host/src/source/create-source.ts';
import { pushPlugin } from '../../host/src/source/oci/push.ts';
import { fetchArtifact } from '../../host/src/source/source.ts';
import { componentWith, descriptorOf, keyPair } from '../fixtures/signed-plugin.ts';
import { temporaryFolder } from '../fixtures/temporary-folder.ts';
import { itWith } from '../prerequisite.ts';

const component = componentWith();
const signature = keyPair().sign(component);
const on = { log: silentLog(), baseDir: '/' };

const copy = (from: string, to: string) =>
  promisify(execFile)('skopeo', [
    ...['--insecure-policy', 'copy', '--quiet'],
    ...(from.startsWith('docker:') ? ['--src-tls-verify=false'] : []),
    ...(to.startsWith('docker:') ? ['--dest-tls-verify=false'] : []),
    ...[from, to],
  ]);

async function registryWithPlugin() {
  const directory = await temporaryFolder();
  const registry = await startRegistry({ directory });
  onTestFinished(registry.close);
  const reference = `${registry.host}/acme/redact:0.1.0`;
  const plugin = { component, descriptor: descriptorOf(), imports: [], exports: [], signature };
  return { directory, registry, reference, digest: await pushPlugin({ reference, ...plugin }) };
}

const expected = (manifest: string) => ({ origin: { manifest }, signatures: [{ keyId: signature.keyId }] });

itWith('skopeo')('[REG-09] skopeo copies out of the registry, and the host reads its layout', async () => {
  const { reference, digest } = await registryWithPlugin();
  const layout = join(await temporaryFolder(), 'layout');
  await copy(`docker://${reference}`, `oci:${layout}:here`);
  for (const oci_layout of [layout, `${layout}:here`]) {
    await expect(fetchArtifact(createSource({ oci_layout }, on))).resolves.toMatchObject(expected(digest));
  }
});

itWith('skopeo')('[REG-09] skopeo copies into the registry, and the host pulls it', async () => {
  const { registry, reference, digest } = await registryWithPlugin();
  const layout = join(await temporaryFolder(), 'layout');
  await copy(`docker://${reference}`, `oci:${layout}:here`);
  const other = await startRegistry({ directory: await temporaryFolder() });
  onTestFinished(other.close);
  for (const [from, to] of [
    [`oci:${layout}:here`, `${other.host}/team/redact:1`],
    [`docker://${reference}`, `${other.host}/team/redact:2`],
    [`docker://${reference}`, `${registry.host}/team/redact:3`],
  ] as const) {
    await copy(from, `docker://${to}`);
    await expect(fetchArtifact(createSource({ oci: to }, on))).resolves.toMatchObject(expected(digest));
  }
});

itWith('skopeo')(
  "[REG-09] skopeo reads the registry's folder and a cache, and a folder of its own becomes a registry",
  async () => {
    const { directory, reference, digest } = await registryWithPlugin();
    const cacheDir = await temporaryFolder();
    await fetchArtifact(createSource({ oci: reference }, { ...on, cacheDir }));
    const folder = await temporaryFolder();
    for (const from of [`oci:${directory}:acme/redact:0.1.0`, `oci:${cacheDir}:${reference}`]) {
      await copy(from, `oci:${folder}/layout:acme/redact:1`);
      await expect(fetchArtifact(createSource({ oci_layout: `${folder}/layout` }, on))).resolves.toMatchObject(
        expected(digest),
      );
    }
    const registry = await startRegistry({ directory: `${folder}/layout` });
    onTestFinished(registry.close);
    const source = createSource({ oci: `${registry.host}/acme/redact:1` }, on);
    await expect(fetchArtifact(source)).resolves.toMatchObject(expected(digest));
  },
);
