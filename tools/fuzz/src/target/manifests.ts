import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { parseDescriptor } from '@sallyport/host/contract';
import { digestOf } from '@sallyport/host/core';
import { silentLog } from '@sallyport/host/log';
import { buildPluginManifest, createSource, fetchArtifact, mediaType } from '@sallyport/host/source';
import { createVerifier } from '@sallyport/host/verify';
import { embedDescriptor, emptyComponent } from '@sallyport/host/wasm';
import { mutateJson, type Value } from '../mutate/json.ts';
import { mutateText } from '../mutate/text.ts';
import { type Parcel, pack, toBytes, toText, unpack } from '../parcel.ts';
import type { Random } from '../random.ts';
import { Finding, type Target } from '../target.ts';

const descriptor = parseDescriptor({
  ...{ id: 'pulled', version: '1.0.0', kind: 'transform', api: '0.1', hooks: ['tool_post_invoke'] },
  ...{ description: 'A plugin.', required_capabilities: ['clock'], config_schema: { type: 'object' } },
});
const component = embedDescriptor(emptyComponent, descriptor);
const artifact = buildPluginManifest({
  component,
  descriptor,
  imports: ['sallyport:plugin/log@0.1.0'],
  exports: ['sallyport:plugin/lifecycle@0.1.0'],
  signature: { signature: Buffer.alloc(64, 1), keyId: 'a'.repeat(64) },
  created: '1970-01-01T00:00:00Z',
});
const index = {
  schemaVersion: 2,
  mediaType: mediaType.imageIndex,
  manifests: [{ ...artifact.manifest.descriptor, platform: { architecture: 'wasm', os: 'wasip2' } }],
};

/** What a registry answers with: to the tag, with status and headers, for the config, and for the list of referrers. */
const seed: Parcel = {
  status: '200',
  type: mediaType.imageManifest,
  header: '',
  value: '',
  tag: toText(artifact.manifest.bytes),
  config: toText(artifact.config.bytes),
  referrers: JSON.stringify({ ...index, manifests: [] }),
};
const asIndex: Parcel = { ...seed, type: mediaType.imageIndex, tag: JSON.stringify(index) };

/** Referrers as other signers' tools attach them. */
const attached: Value = JSON.parse(
  JSON.stringify({
    ...index,
    manifests: [{ ...artifact.manifest.descriptor, artifactType: 'application/vnd.sallyport.signature.v1' }],
  }),
);

const headers: readonly (readonly [string, string])[] = [
  ['docker-content-digest', artifact.manifest.descriptor.digest],
  ['www-authenticate', 'Bearer realm="http://127.0.0.1:1/token",service="r",scope="repository:a:pull"'],
  ['www-authenticate', 'Basic realm="r", Bearer realm="https://token.example.com/"'],
  ['location', '/v2/elsewhere'],
  ['location', 'http://169.254.169.254/latest'],
  ['retry-after', '0'],
  ['content-length', '4'],
  ['content-encoding', 'gzip'],
  ['content-range', 'bytes 0-1/2'],
];

const parseJson = (text = '') => JSON.parse(Buffer.from(toBytes(text)).toString()) as Value;

function mutate(random: Random): Parcel {
  const changed: Record<string, string> = { ...(random.chance(0.2) ? asIndex : seed) };
  const what = random.pick(['tag', 'tag', 'tag', 'config', 'config', 'header', 'status', 'type', 'referrers']);
  if (what === 'config') {
    changed.config = toText(Buffer.from(mutateJson(parseJson(seed.config), random)));
    // The manifest names what is there now, so that it is looked into.
    const manifest = parseJson(seed.tag) as { [name: string]: Value };
    const bytes = toBytes(changed.config);
    const described = { mediaType: mediaType.wasmConfig, digest: digestOf(bytes), size: bytes.length };
    changed.tag = toText(Buffer.from(JSON.stringify({ ...manifest, config: described })));
    changed.type = mediaType.imageManifest;
  } else if (what === 'tag') {
    changed.tag = toText(Buffer.from(mutateJson(parseJson(changed.tag), random)));
  } else if (what === 'referrers') {
    changed.referrers = toText(Buffer.from(mutateJson(attached, random)));
  } else if (what === 'type') {
    changed.type = mutateText(changed.type ?? '', random, mediaType.dockerList);
  } else {
    const [header, value] = random.pick(headers);
    changed.header = header;
    changed.value = random.chance(0.8) ? mutateText(value, random, 'Digest realm="x", nonce') : value;
    changed.status = random.pick(['200', '401', '403', '404', '429', '301', '307', '206', '500', '204', '304', '418']);
  }
  return changed;
}

/** A registry that answers so, the source of a plugin in it, and the verifier behind. */
export const target: Target = {
  name: 'manifests',
  module: import.meta.url,
  extension: 'json',
  // Two attempts, and each may wait for its deadline.
  patience: 20_000,
  boundedRuns: 300,
  seeds: async () => [pack(seed), pack(asIndex)],
  mutate: (_, random) => pack(mutate(random)),
  async open() {
    const log = silentLog();
    let answers: Parcel = seed;
    const server = createServer(({ url = '' }, response) => {
      const { digest } = artifact.manifest.descriptor;
      const answer = (type: string, bytes: Uint8Array) => response.writeHead(200, { 'content-type': type }).end(bytes);
      if (url.endsWith('/manifests/1') || url.endsWith(digestOf(toBytes(answers.tag)))) return answerTag(response);
      if (url.endsWith(`/manifests/${digest}`)) return answer(mediaType.imageManifest, artifact.manifest.bytes);
      if (url.includes('/referrers/')) return answer(mediaType.imageIndex, toBytes(answers.referrers));
      if (url.endsWith(artifact.component.descriptor.digest)) return answer(mediaType.wasm, component);
      if (url.includes('/blobs/')) return answer(mediaType.wasmConfig, toBytes(answers.config));
      return response.writeHead(404).end();
    });
    function answerTag(response: ServerResponse) {
      try {
        if (answers.header) response.setHeader(answers.header, answers.value ?? '');
        if (answers.type) response.setHeader('content-type', answers.type);
      } catch {
        // Node sends no such header: then there is none.
      }
      return response.writeHead(Number(answers.status) || 200).end(toBytes(answers.tag));
    }
    const port = await listen(server);
    const verifier = createVerifier({ trust: { keys: [], revoked_digests: [] }, requireSigned: false, log });
    return {
      async run(input) {
        answers = unpack(input);
        const source = createSource(
          { oci: `127.0.0.1:${port}/acme/pulled:1` },
          {
            ...{ log, baseDir: '/', credentials: async () => undefined },
            timeouts: { attempts: 2, pauseMs: 1, silenceMs: 500, attemptMs: 1000 },
          },
        );
        const pulled = await fetchArtifact(source);
        if (pulled.digest !== digestOf(pulled.bytes)) throw new Finding('a digest of other bytes', pulled.digest);
        if (!Buffer.from(pulled.bytes).equals(component) && answers.config !== toText(pulled.bytes))
          throw new Finding('bytes from nowhere', toText(pulled.bytes));
        const unsigned = { ...pulled, signatures: [] };
        const { descriptor: believed } = await verifier.verify(unsigned, { id: 'pulled' });
        if (JSON.stringify(believed) !== JSON.stringify(descriptor))
          throw new Finding('believes another descriptor', JSON.stringify(believed));
        return 'accepted';
      },
      async [Symbol.asyncDispose]() {
        server.closeAllConnections();
        await new Promise(resolve => server.close(resolve));
      },
    };
  },
};

async function listen(server: Server): Promise<number> {
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}
