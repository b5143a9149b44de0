/** One cache, several processes, and some of them killed. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startRegistry } from '@sallyport/registry/start-registry';
import { expect, it, onTestFinished } from 'vitest';
import { digestOf } from '../../host/src/core/digest.ts';
import { silentLog } from '../../host/src/core/log.ts';
import { createSource } from '../../host/src/source/create-source.ts';
import { blobFile } from '../../host/src/source/layout/blob-folder.ts';
import { readIndex, refNameAnnotation } from '../../host/src/source/layout/index-file.ts';
import { pushPlugin } from '../../host/src/source/oci/push.ts';
import { buildPluginManifest } from '../../host/src/source/plugin-manifest.ts';
import { fetchArtifact } from '../../host/src/source/source.ts';
import { emptyComponent } from '../../host/src/wasm/binary-format.ts';
import { descriptorOf } from '../fixtures/signed-plugin.ts';
import { temporaryFolder } from '../fixtures/temporary-folder.ts';

const count = 12;
const contentOf = (number: number) => ({
  component: Buffer.concat([emptyComponent, Buffer.alloc(200_000, number + 1)]),
  descriptor: descriptorOf({ version: `0.0.${number}` }),
  imports: [],
  exports: [],
});

/** A registry with `acme/p0:1`, `acme/p1:1`, … */
async function stocked() {
  const registry = await startRegistry({ directory: await temporaryFolder() });
  onTestFinished(registry.close);
  for (let number = 0; number < count; number++) {
    await pushPlugin({ reference: `${registry.host}/acme/p${number}:1`, ...contentOf(number) });
  }
  return registry;
}

/** A process of its own that fetches `many` plugins from number `from` on. */
function writer(cache: string, registry: string, from: number, many: number): ChildProcess {
  const script = join(import.meta.dirname, '../fixtures/cache-writer.ts');
  return spawn(process.execPath, [script, cache, registry, `${from}`, `${many}`], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

async function checkLayout(cache: string): Promise<readonly (string | undefined)[]> {
  for (const name of await readdir(join(cache, 'blobs/sha256'))) {
    expect(digestOf(await readFile(join(cache, 'blobs/sha256', name)))).toBe(`sha256:${name}`);
  }
  const entries = await readIndex(cache);
  for (const { digest } of entries) expect(digestOf(await readFile(blobFile(cache, digest)))).toBe(digest);
  return entries.map(({ annotations }) => annotations?.[refNameAnnotation]);
}

it('[SRC-21] three processes fill one cache at the same time, and nothing is lost', async () => {
  const registry = await stocked();
  const cache = await temporaryFolder();
  const writers = [
    writer(cache, registry.host, 0, 8),
    writer(cache, registry.host, 4, 8),
    writer(cache, registry.host, 2, 8),
  ];
  expect(await Promise.all(writers.map(child => once(child, 'exit')))).toEqual(Array(3).fill([0, null]));
  const expected = Array.from({ length: count }, (_, number) => `${registry.host}/acme/p${number}:1`);
  expect(await checkLayout(cache)).toEqual(expected.sort());
});

it('[SRC-22] processes that are killed leave a cache that works', async () => {
  const registry = await stocked();
  const cache = await temporaryFolder();
  for (let round = 0; round < 6; round++) {
    const child = writer(cache, registry.host, 0, count);
    // Killed at another point of its work each time.
    for (let dots = 0; dots <= round && child.stdout; dots++)
      await Promise.race([once(child.stdout, 'data'), once(child, 'exit')]);
    child.kill('SIGKILL');
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  }
  await checkLayout(cache);
  for (let number = 0; number < count; number++) {
    const source = createSource(
      { oci: `${registry.host}/acme/p${number}:1` },
      { log: silentLog(), baseDir: '/', cacheDir: cache },
    );
    const { digest } = await fetchArtifact(source);
    expect(digest).toBe(buildPluginManifest(contentOf(number)).component.descriptor.digest);
  }
  expect(await checkLayout(cache)).toHaveLength(count);
});
