/** Registries that lie, stumble or are too slow. After each, the same source fetches from the same registry, honest again. */
import type { ServerResponse } from 'node:http';
import { gzipSync } from 'node:zlib';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { silentLog } from '../../host/src/core/log.ts';
import { createSource } from '../../host/src/source/create-source.ts';
import { describe as describeBytes } from '../../host/src/source/descriptor.ts';
import { mediaType } from '../../host/src/source/media-type.ts';
import type { PluginArtifact } from '../../host/src/source/plugin-manifest.ts';
import { fetchArtifact } from '../../host/src/source/source.ts';
import { emptyModule } from '../../host/src/wasm/binary-format.ts';
import { type FaultyRegistry, faultyRegistry, type RegistryFault, smallArtifact } from '../fixtures/faulty-registry.ts';
import { until } from '../fixtures/until.ts';

/** Only a test of patience runs out of it, however slow the machine is. */
const timeouts = { attempts: 2, pauseMs: 1, silenceMs: 60_000, attemptMs: 60_000 };
const open = ({ reference }: FaultyRegistry, more = {}) =>
  createSource({ oci: reference }, { log: silentLog(), baseDir: '/', timeouts: { ...timeouts, ...more } });

const artifact = smallArtifact();
const layer = `/blobs/${artifact.component.descriptor.digest}`;
const tag = '/manifests/1';

/** Does it to requests whose path ends so, and is honest about the rest. */
const at =
  (end: string, answer: (response: ServerResponse, artifact: PluginArtifact) => void): RegistryFault =>
  (request, response, honest) =>
    request.url?.endsWith(end) ? answer(response, artifact) : honest();

/** Answers the tag with another manifest, and this manifest's digest too. */
function manifestOf(value: unknown, type: string = mediaType.imageManifest): RegistryFault {
  const bytes = Buffer.isBuffer(value) ? value : Buffer.from(typeof value === 'string' ? value : JSON.stringify(value));
  const { digest } = describeBytes(type, bytes);
  return (request, response, honest) =>
    request.url?.endsWith(tag) || request.url?.endsWith(digest)
      ? response.writeHead(200, { 'content-type': type }).end(bytes)
      : honest();
}

const honest = JSON.parse(Buffer.from(artifact.manifest.bytes).toString());
const entry = (architecture: string, digest: string = artifact.manifest.descriptor.digest) => ({
  ...artifact.manifest.descriptor,
  digest,
  platform: { architecture, os: 'linux' },
});
const index = (...manifests: unknown[]) => ({ schemaVersion: 2, mediaType: mediaType.imageIndex, manifests });
const other = `sha256:${'1'.repeat(64)}`;
const bomb = gzipSync(Buffer.alloc(50_000_000));

const faults: readonly { what: string; code: string; fault: RegistryFault }[] = [
  {
    what: 'sends other bytes than the digest says',
    code: 'digest_mismatch',
    fault: at(layer, (response, { component }) => response.end(Buffer.from(component.bytes).fill(9, 100, 101))),
  },
  {
    what: 'sends a config of another digest',
    code: 'digest_mismatch',
    fault: at(artifact.config.descriptor.digest, (response, { config }) =>
      response.end(Buffer.alloc(config.bytes.length, 32)),
    ),
  },
  {
    what: 'sends another manifest under a digest',
    code: 'digest_mismatch',
    fault: at(artifact.manifest.descriptor.digest, (response, { manifest }) =>
      response.end(Buffer.from(manifest.bytes).fill(32, 20, 21)),
    ),
  },
  {
    what: 'states another digest than that of the manifest it sends',
    code: 'digest_mismatch',
    fault: at(tag, (response, { manifest }) =>
      response
        .writeHead(200, { 'content-type': mediaType.imageManifest, 'docker-content-digest': other })
        .end(manifest.bytes),
    ),
  },
  {
    what: 'sends a blob that is cut short',
    code: 'size_mismatch',
    fault: at(layer, (response, { component }) => response.end(component.bytes.subarray(0, 100))),
  },
  {
    what: 'cuts the connection in the middle of a blob, each time',
    code: 'registry_unreachable',
    fault: at(layer, (response, { component }) => {
      response.writeHead(200, { 'content-length': component.bytes.length });
      response.write(component.bytes.subarray(0, 100), () => response.destroy());
    }),
  },
  {
    what: 'sends a blob that never ends',
    code: 'size_mismatch',
    fault: at(layer, endless),
  },
  {
    what: 'sends a compressed blob that unfolds to far more',
    code: 'size_mismatch',
    fault: at(layer, response => response.writeHead(200, { 'content-encoding': 'gzip' }).end(bomb)),
  },
  { what: 'sends a manifest that never ends', code: 'manifest_too_large', fault: at(tag, endless) },
  {
    what: 'sends a manifest of 5 MiB',
    code: 'manifest_too_large',
    fault: manifestOf(JSON.stringify({ ...honest, annotations: { a: ' '.repeat(5 * 1024 * 1024) } })),
  },
  {
    what: 'names an image manifest larger than 4 MiB in an index',
    code: 'manifest_too_large',
    fault: manifestOf(index({ ...entry('wasm'), size: 5 * 1024 * 1024 }), mediaType.imageIndex),
  },
  { what: 'sends a manifest that is not JSON', code: 'manifest_invalid', fault: manifestOf('<html>') },
  { what: 'sends a manifest that is an array', code: 'manifest_invalid', fault: manifestOf([]) },
  {
    what: 'sends a manifest that is not UTF-8',
    code: 'manifest_invalid',
    fault: manifestOf(Buffer.from(JSON.stringify({ ...honest, annotations: { a: '\xff' } }), 'latin1')),
  },
  {
    what: 'sends a manifest with a path for a digest',
    code: 'manifest_invalid',
    fault: manifestOf({ ...honest, layers: [{ ...honest.layers[0], digest: 'sha256:../../../../etc/passwd' }] }),
  },
  {
    what: 'sends a manifest with a negative size',
    code: 'manifest_invalid',
    fault: manifestOf({ ...honest, layers: [{ ...honest.layers[0], size: -1 }] }),
  },
  {
    what: 'calls the manifest a web page',
    code: 'manifest_invalid',
    fault: manifestOf(honest, 'text/html'),
  },
  {
    what: 'sends a manifest that calls itself an index',
    code: 'manifest_invalid',
    fault: manifestOf({ ...honest, mediaType: mediaType.imageIndex }),
  },
  {
    what: 'has a container image in the place of a plugin',
    code: 'manifest_invalid',
    fault: manifestOf({
      ...honest,
      layers: [{ ...honest.layers[0], mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip' }],
    }),
  },
  {
    what: 'has a config that is not JSON',
    code: 'manifest_invalid',
    fault: brokenConfig(),
  },
  {
    what: 'has a plugin of two layers',
    code: 'layer_count',
    fault: manifestOf({ ...honest, layers: [honest.layers[0], honest.layers[0]] }),
  },
  { what: 'has a plugin without a layer', code: 'layer_count', fault: manifestOf({ ...honest, layers: [] }) },
  {
    what: 'says that the component has a terabyte',
    code: 'artifact_too_large',
    fault: manifestOf({ ...honest, layers: [{ ...honest.layers[0], size: 2 ** 40 }] }),
  },
  {
    what: 'says that the config has a gigabyte',
    code: 'artifact_too_large',
    fault: manifestOf({ ...honest, config: { ...honest.config, size: 2 ** 30 } }),
  },
  {
    what: 'has an index of several platforms',
    code: 'platform_ambiguous',
    fault: manifestOf(index(entry('amd64'), entry('arm64', other)), mediaType.imageIndex),
  },
  {
    what: 'has an index with two manifests for wasm',
    code: 'platform_ambiguous',
    fault: manifestOf(index(entry('wasm'), entry('wasm', other)), mediaType.imageIndex),
  },
  { what: 'has an empty index', code: 'platform_ambiguous', fault: manifestOf(index(), mediaType.imageIndex) },
  {
    what: 'has an index that leads to an index',
    code: 'manifest_invalid',
    fault: manifestOf(index({ ...entry('wasm'), mediaType: mediaType.imageIndex }), mediaType.imageIndex),
  },
  { what: 'answers 418', code: 'registry_answer', fault: (_, response) => response.writeHead(418).end() },
  { what: 'answers 204', code: 'registry_answer', fault: (_, response) => response.writeHead(204).end() },
  {
    what: 'denies with an endless body',
    code: 'registry_denied',
    fault: (_, response) => {
      response.statusCode = 403;
      endless(response);
    },
  },
  {
    what: 'answers 500 each time',
    code: 'registry_unreachable',
    fault: (_, response) => response.writeHead(500).end(),
  },
  {
    what: 'is busy for an hour',
    code: 'registry_unreachable',
    fault: (_, response) => response.writeHead(429, { 'retry-after': '3600' }).end(),
  },
  { what: 'answers without HTTP', code: 'registry_unreachable', fault: request => request.socket.end('hello\r\n\r\n') },
];

describe('a registry that', () => {
  it.each(faults)('[SRC-26] $what is refused', async ({ code, fault }) => {
    const registry = await faultyRegistry(fault, { artifact });
    const source = open(registry);
    await expect(fetchArtifact(source)).rejects.toMatchObject({
      name: 'Fault',
      code,
      details: { reference: registry.reference },
      hint: expect.stringMatching(/\w/),
    });
    registry.fault = undefined;
    await expect(fetchArtifact(source)).resolves.toMatchObject({ digest: artifact.component.descriptor.digest });
  });
});

it('shows what the registry says of an error, short and without control characters', async () => {
  const body = JSON.stringify({ errors: [{ code: 'DENIED', message: `\u001b[31mno${'!'.repeat(1000)}` }] });
  const registry = await faultyRegistry((_, response) => response.writeHead(403).end(body));
  const fault = await fetchArtifact(open(registry)).catch((error: unknown) => error);
  expect(fault).toMatchObject({ details: { answer: expect.stringMatching(/^DENIED: {2}\[31mno!{1,190}$/) } });
});

describe('[SRC-29] an index', () => {
  it.each([
    ['of one manifest', index({ ...artifact.manifest.descriptor })],
    ['of one for wasm among others', index(entry('amd64', other), entry('wasm'))],
  ])('%s is followed', async (_, value) => {
    const registry = await faultyRegistry(manifestOf(value, mediaType.imageIndex), { artifact });
    await expect(fetchArtifact(open(registry))).resolves.toMatchObject({
      digest: artifact.component.descriptor.digest,
      origin: { manifest: describeBytes('', Buffer.from(JSON.stringify(value))).digest },
    });
  });
});

it.each([
  'application/vnd.wasm.content.layer.v1+wasm',
  'application/vnd.bytecodealliance.wasm.component.layer.v0+wasm',
])('an older layer of type %s is read', async type => {
  const older = { ...honest, config: { ...honest.config, mediaType: 'application/vnd.wasm.config.v1+json' } };
  const fault = manifestOf({ ...older, layers: [{ ...honest.layers[0], mediaType: type }] });
  const fetched = await fetchArtifact(open(await faultyRegistry(fault, { artifact })));
  expect(fetched.digest).toBe(artifact.component.descriptor.digest);
  expect(fetched.statedDescriptor).toBeUndefined();
});

it('[SRC-28] a tag that moves between resolve and fetch does not move what is fetched', async () => {
  const registry = await faultyRegistry(undefined, { artifact });
  const source = open(registry);
  const descriptor = await source.resolve();
  const next = smallArtifact(3000).manifest;
  registry.fault = at(tag, response =>
    response.writeHead(200, { 'content-type': mediaType.imageManifest }).end(next.bytes),
  );
  await expect(source.fetch(descriptor)).resolves.toMatchObject({ digest: artifact.component.descriptor.digest });
  expect(registry.seen.filter(({ line }) => line.endsWith(tag))).toHaveLength(1);
  await expect(source.resolve()).resolves.toMatchObject({ digest: next.descriptor.digest });
});

it('a core module comes through: verify and sandbox say what is wrong with it', async () => {
  const { manifest, config } = artifact;
  const component = { descriptor: describeBytes(mediaType.wasm, emptyModule), bytes: emptyModule };
  const bytes = Buffer.from(JSON.stringify({ ...honest, layers: [component.descriptor] }));
  const core = {
    config,
    component,
    manifest: { descriptor: describeBytes(manifest.descriptor.mediaType, bytes), bytes },
  };
  const registry = await faultyRegistry(undefined, { artifact: core });
  await expect(fetchArtifact(open(registry))).resolves.toMatchObject({ digest: component.descriptor.digest });
});

describe('[SRC-23] a registry that first', () => {
  const once = (stumble: RegistryFault): RegistryFault => {
    const stumbled = new Set<string | undefined>();
    return (request, response, honestly) => {
      if (stumbled.has(request.url)) return honestly();
      stumbled.add(request.url);
      stumble(request, response, honestly);
    };
  };
  it.each<[string, RegistryFault]>([
    ['is busy', (_, response) => response.writeHead(429, { 'retry-after': '0' }).end()],
    ['answers 503', (_, response) => response.writeHead(503).end()],
    ['cuts the connection', request => request.socket.destroy()],
    [
      'cuts the connection in the answer',
      (_, response) => {
        response.writeHead(200, { 'content-length': 100_000, 'content-type': mediaType.imageManifest });
        response.write('{', () => response.destroy());
      },
    ],
  ])('%s is asked again', async (_, stumble) => {
    const registry = await faultyRegistry(once(stumble), { artifact });
    await expect(fetchArtifact(open(registry))).resolves.toBeDefined();
    const lines = registry.seen.map(({ line }) => line);
    expect(lines.length).toBe(new Set(lines).size * 2);
  });
});

describe('[SRC-30] a registry that', () => {
  const drip = (response: ServerResponse) => {
    response.writeHead(200, { 'content-length': artifact.component.bytes.length });
    const timer = setInterval(() => response.write('.'), 20);
    response.on('close', () => clearInterval(timer));
  };
  it.each([
    ['drips, byte by byte', at(layer, drip), { attemptMs: 300 }, 'not finished after 300 ms'],
    ['says nothing', at(layer, () => {}), { silenceMs: 100 }, 'silent for 100 ms'],
    [
      'falls silent in the middle',
      at(layer, (response, { component }) => {
        response.writeHead(200, { 'content-length': component.bytes.length });
        response.write(component.bytes.subarray(0, 100));
      }),
      { silenceMs: 100 },
      'silent for 100 ms',
    ],
  ])('%s is given up on', async (_, fault, patience, what) => {
    // Time passes only while the layer is awaited, or a slow machine would seem a slow registry.
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    onTestFinished(() => void vi.useRealTimers());
    const registry = await faultyRegistry(fault, { artifact });
    const asked = () => registry.seen.filter(({ line }) => line.endsWith(layer)).length;
    const refused = expect(fetchArtifact(open(registry, patience))).rejects.toMatchObject({
      code: 'registry_unreachable',
      details: { reference: registry.reference, what },
    });
    for (const attempt of [1, 2]) {
      await until(() => asked() === attempt);
      vi.advanceTimersByTime(300);
    }
    await refused;
    expect(asked()).toBe(2);
  });

  it('is slow is let go as soon as the caller gives up', async () => {
    const registry = await faultyRegistry(at(layer, drip), { artifact });
    await expect(fetchArtifact(open(registry), AbortSignal.timeout(200))).rejects.toMatchObject({
      name: 'TimeoutError',
    });
  });
});

function endless(response: ServerResponse): void {
  response.setHeader('content-type', mediaType.imageManifest);
  const chunk = Buffer.alloc(64 * 1024, 32);
  const write = () => {
    while (!response.destroyed && response.write(chunk));
  };
  response.on('drain', write);
  write();
}

/** A manifest whose config has the right digest, and is not JSON. */
function brokenConfig(): RegistryFault {
  const bytes = Buffer.from('not JSON');
  const config = describeBytes(mediaType.wasmConfig, bytes);
  const manifest = manifestOf({ ...honest, config });
  return (request, response, honestly) =>
    request.url?.endsWith(config.digest) ? response.end(bytes) : manifest(request, response, honestly);
}
