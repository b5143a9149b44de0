import { chmod, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pino } from 'pino';
import { expect, it } from 'vitest';
import { type FaultyRegistry, faultyRegistry, smallArtifact } from '../../../test/fixtures/faulty-registry.ts';
import { temporaryFolder } from '../../../test/fixtures/temporary-folder.ts';
import { silentLog } from '../core/log.ts';
import { createSource, type SourceContext } from './create-source.ts';
import { blobFile } from './layout/blob-folder.ts';
import { fetchArtifact } from './source.ts';

const quick = { attempts: 2, pauseMs: 1, silenceMs: 60_000 };
const open = (oci: string, cacheDir: string, more: Partial<SourceContext> = {}) =>
  createSource({ oci }, { log: silentLog(), baseDir: '/', cacheDir, timeouts: quick, ...more });

/** A registry, and a cache that has its plugin. */
async function filled() {
  const cacheDir = await temporaryFolder();
  const registry = await faultyRegistry();
  await fetchArtifact(open(registry.reference, cacheDir));
  return { cacheDir, registry };
}

const down: readonly [string, (registry: FaultyRegistry) => unknown][] = [
  ['refuses connections', registry => registry.close()],
  ['answers 503', registry => (registry.fault = (_, response) => response.writeHead(503).end())],
  ['answers 429', registry => (registry.fault = (_, response) => response.writeHead(429).end())],
  ['cuts connections', registry => (registry.fault = request => request.socket.destroy())],
  ['says nothing', registry => (registry.fault = () => {})],
];

it.each(down)('[SRC-15] starts from the cache, with a warning, when the registry %s', async (_, breakIt) => {
  const { cacheDir, registry } = await filled();
  await breakIt(registry);
  const lines: string[] = [];
  const log = pino({ base: null }, { write: line => void lines.push(line) });
  const timeouts = { ...quick, silenceMs: 500 };
  const artifact = await fetchArtifact(open(registry.reference, cacheDir, { log, timeouts }));
  expect(artifact.digest).toBe(registry.artifact.component.descriptor.digest);
  expect(lines.map(line => JSON.parse(line))).toEqual([
    expect.objectContaining({
      level: 40,
      reference: registry.reference,
      digest: registry.artifact.manifest.descriptor.digest,
      msg: expect.stringContaining('from the cache'),
    }),
  ]);
});

it('[SRC-15] does not start from an empty cache', async () => {
  const registry = await faultyRegistry();
  await registry.close();
  await expect(fetchArtifact(open(registry.reference, await temporaryFolder()))).rejects.toMatchObject({
    code: 'registry_unreachable',
    details: { reference: registry.reference },
  });
});

it.each([
  [401, 'challenge_invalid'],
  [403, 'registry_denied'],
  [404, 'artifact_not_found'],
  [400, 'registry_answer'],
])('[SRC-16] obeys a registry that answers %i, whatever the cache has', async (status, code) => {
  const { cacheDir, registry } = await filled();
  registry.fault = (_, response) => response.writeHead(status).end();
  await expect(fetchArtifact(open(registry.reference, cacheDir))).rejects.toMatchObject({ code });
});

it('[SRC-17] asks only for what the tag stands for when it has the rest', async () => {
  const { cacheDir, registry } = await filled();
  registry.seen.length = 0;
  await fetchArtifact(open(registry.reference, cacheDir));
  expect(registry.seen.map(({ line }) => line)).toEqual(['GET /v2/acme/redact/manifests/1']);
});

it('[SRC-17] asks for nothing when the reference has the digest', async () => {
  const { cacheDir, registry } = await filled();
  registry.seen.length = 0;
  const { digest } = registry.artifact.manifest.descriptor;
  await fetchArtifact(open(`${registry.host}/acme/redact@${digest}`, cacheDir));
  expect(registry.seen).toEqual([]);
});

it.each(['component', 'config', 'manifest'] as const)(
  '[SRC-18] removes a corrupted %s and fetches it anew',
  async part => {
    const { cacheDir, registry } = await filled();
    const { descriptor, bytes } = registry.artifact[part];
    const file = blobFile(cacheDir, descriptor.digest);
    await writeFile(file, Buffer.from(bytes).fill(0xff, 0, 1));
    const artifact = await fetchArtifact(open(registry.reference, cacheDir));
    expect(artifact.digest).toBe(registry.artifact.component.descriptor.digest);
    expect(Buffer.compare(await readFile(file), bytes)).toBe(0);
  },
);

it('[SRC-18] does not use a corrupted blob when the registry is down', async () => {
  const { cacheDir, registry } = await filled();
  const { descriptor, bytes } = registry.artifact.component;
  await writeFile(blobFile(cacheDir, descriptor.digest), Buffer.from(bytes).fill(0xff, 0, 1));
  await registry.close();
  await expect(fetchArtifact(open(registry.reference, cacheDir))).rejects.toMatchObject({
    code: 'registry_unreachable',
  });
});

it('keeps the name on what it has whole, when a new version does not come through', async () => {
  const { cacheDir, registry } = await filled();
  const { port } = new URL(`http://${registry.host}`);
  await registry.close();
  const next = await faultyRegistry(undefined, { artifact: smallArtifact(3000), port: Number(port) });
  next.fault = (request, response, honest) =>
    request.url?.includes('/blobs/') ? response.writeHead(500).end() : honest();
  await expect(fetchArtifact(open(next.reference, cacheDir))).rejects.toMatchObject({ code: 'registry_unreachable' });
  await next.close();
  const artifact = await fetchArtifact(open(next.reference, cacheDir));
  expect(artifact.digest).toBe(registry.artifact.component.descriptor.digest);
});

it('reads a cache that it may not write', async () => {
  const { cacheDir, registry } = await filled();
  for (const folder of ['references', 'temporary', 'blobs/sha256', '.']) await chmod(join(cacheDir, folder), 0o555);
  await expect(fetchArtifact(open(registry.reference, cacheDir))).resolves.toBeDefined();
  for (const folder of ['.', 'references', 'temporary', 'blobs/sha256']) await chmod(join(cacheDir, folder), 0o755);
});

it.each([
  [
    'a file in the place of the folder',
    async (cacheDir: string) => {
      await rm(cacheDir, { recursive: true });
      await writeFile(cacheDir, '');
    },
  ],
  [
    'an index that is not JSON',
    async (cacheDir: string) => {
      await rm(join(cacheDir, 'references'), { recursive: true });
      await writeFile(join(cacheDir, 'index.json'), '{');
    },
  ],
])('[SRC-19] refuses a cache with %s, by name', async (_, spoil) => {
  const { cacheDir, registry } = await filled();
  await spoil(cacheDir);
  await expect(fetchArtifact(open(registry.reference, cacheDir))).rejects.toMatchObject({
    code: 'cache_unusable',
    details: { reference: registry.reference, file: expect.stringContaining(cacheDir) },
  });
});

it('leaves nothing behind but the layout', async () => {
  const { cacheDir } = await filled();
  expect((await readdir(cacheDir)).sort()).toEqual(['blobs', 'index.json', 'oci-layout', 'references', 'temporary']);
  expect(await readdir(join(cacheDir, 'temporary'))).toEqual([]);
});
