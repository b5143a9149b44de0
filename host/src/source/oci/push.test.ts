import { startRegistry } from '@sallyport/registry/start-registry';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type FaultyRegistry, faultyRegistry, type RegistryFault } from '../../../../test/fixtures/faulty-registry.ts';
import { descriptorOf, emptyComponent } from '../../../../test/fixtures/signed-plugin.ts';
import { temporaryFolder } from '../../../../test/fixtures/temporary-folder.ts';
import { silentLog } from '../../core/log.ts';
import { createSource } from '../create-source.ts';
import { fetchArtifact } from '../source.ts';
import { pushPlugin } from './push.ts';

const plugin = {
  component: emptyComponent,
  descriptor: descriptorOf(),
  imports: [],
  exports: [],
  patience: { attempts: 2, pauseMs: 1 },
  credentials: async () => ({ kind: 'basic', username: 'me', password: 'secret' }) as const,
};

/** Takes every upload to `location`, after a login; what `answers` has for a method goes before that. */
const taking =
  (location: () => string, answers: Readonly<Record<string, RegistryFault>> = {}): RegistryFault =>
  (request, response, honest) => {
    const { method = '', headers } = request;
    if (headers.authorization === undefined) {
      return response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end();
    }
    const answer = answers[method];
    if (answer) return answer(request, response, honest);
    if (method === 'HEAD') return response.writeHead(404).end();
    if (method === 'POST') return response.writeHead(202, { location: location() }).end();
    request.resume().on('end', () => response.writeHead(201).end());
  };

const push = ({ reference }: Pick<FaultyRegistry, 'reference'>) => pushPlugin({ ...plugin, reference });

it('[SRC-25] gives the same digest each time, and sends what is there already only once', async () => {
  const registry = await startRegistry({ directory: await temporaryFolder() });
  onTestFinished(registry.close);
  const digests = new Set<string>();
  for (const reference of ['acme/a:1', 'acme/a:1', 'acme/b:2']) {
    digests.add(await pushPlugin({ ...plugin, reference: `${registry.host}/${reference}` }));
  }
  expect(digests.size).toBe(1);
});

it('does not send blobs that the registry has', async () => {
  const registry = await faultyRegistry(
    taking(() => '/upload', { HEAD: (_, response) => response.writeHead(200).end() }),
  );
  await push(registry);
  expect(registry.seen.filter(({ line }) => line.startsWith('P')).map(({ line }) => line)).toEqual([
    'PUT /v2/acme/redact/manifests/1',
  ]);
});

it('[SRC-27] uploads to another host without the login', async () => {
  const store = await faultyRegistry((request, response) => {
    request.resume().on('end', () => response.writeHead(201).end());
  });
  const registry = await faultyRegistry(taking(() => `http://${store.host}/upload?state=x`));
  await push(registry);
  expect(store.seen).toEqual([
    { line: expect.stringMatching(/^PUT \/upload\?state=x&digest=sha256%3A/), authorization: undefined },
    { line: expect.stringMatching(/^PUT \/upload\?state=x&digest=sha256%3A/), authorization: undefined },
  ]);
});

it('[SRC-23] begins an upload anew when it breaks', async () => {
  const broken = new Set<string>();
  const registry = await faultyRegistry(
    taking(() => '/upload', {
      PUT: (request, response) => {
        const path = request.url ?? '';
        if (broken.has(path)) return request.resume().on('end', () => response.writeHead(201).end());
        broken.add(path);
        request.socket.destroy();
      },
    }),
  );
  await push(registry);
  const lines = registry.seen.map(({ line }) => line.split(/[ ?]/).slice(0, 2).join(' '));
  expect(lines.filter(line => line === 'PUT /upload')).toHaveLength(4);
  expect(lines.filter(line => line.startsWith('POST'))).toHaveLength(4);
});

it.each<[string, RegistryFault, string]>([
  ['names no place for an upload', (_, response) => response.writeHead(202).end(), 'registry_answer'],
  [
    'names a place elsewhere, over plain http',
    (_, response) => response.writeHead(202, { location: 'http://10.255.255.1/' }).end(),
    'redirect_refused',
  ],
  ['redirects an upload', (_, response) => response.writeHead(307, { location: '/x' }).end(), 'redirect_refused'],
  ['has no room', (_, response) => response.writeHead(413).end(), 'registry_answer'],
  ['does not let us write', (_, response) => response.writeHead(403).end(), 'registry_denied'],
])('[SRC-26] refuses a registry that %s', async (_, answer, code) => {
  const registry = await faultyRegistry(taking(() => '/upload', { POST: answer }));
  await expect(push(registry)).rejects.toMatchObject({ code, details: { reference: registry.reference } });
  registry.fault = taking(() => '/upload');
  await expect(push(registry)).resolves.toMatch(/^sha256:/);
});

/** Refuses the layer, which is sent first, or the manifest, which is sent last. */
const refusing =
  (what: RegExp, status: number, code: string): RegistryFault =>
  (request, response, honest) => {
    if (!what.test(`${request.method} ${request.url}`)) return taking(() => '/upload')(request, response, honest);
    const answer = () => response.writeHead(status).end(JSON.stringify({ errors: [{ code, message: 'no' }] }));
    if (request.headers.authorization === undefined)
      response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end();
    else request.resume().on('end', answer);
  };

describe.each([
  ['the layer', /^PUT \/upload/],
  ['the manifest', /^PUT .*\/manifests\//],
])('[REG-73] a registry that refuses %s', (_, what) => {
  it.each([
    ['is full', 507, 'registry_answer', 1],
    ['finds it too large', 413, 'registry_answer', 1],
    ['has a quota that is used up', 403, 'registry_denied', 1],
    ['does not take it', 400, 'registry_answer', 1],
    ['stumbles', 500, 'registry_unreachable', 2],
  ])('because it %s is told once, and no tag is written', async (_, status, code, attempts) => {
    const registry = await faultyRegistry(refusing(what, status, 'DENIED'));
    await expect(push(registry)).rejects.toMatchObject({
      code,
      details: {
        reference: registry.reference,
        ...(code !== 'registry_unreachable' && { status, answer: 'DENIED: no' }),
      },
    });
    const asked = registry.seen.filter(({ line, authorization }) => what.test(line) && authorization !== undefined);
    expect(asked).toHaveLength(attempts);
    if (!what.test('PUT /v2/acme/redact/manifests/1')) {
      expect(registry.seen.filter(({ line }) => line.includes('/manifests/'))).toEqual([]);
    }
  });
});

it('[REG-73] two pushes of one tag at once leave one of both under it, and both under their digests', async () => {
  const registry = await startRegistry({ directory: await temporaryFolder() });
  onTestFinished(registry.close);
  const reference = `${registry.host}/acme/redact:1`;
  const sizes = [1, 2, 3, 4].map(count => count * 100_000);
  const digests = await Promise.all(
    sizes.map(size =>
      pushPlugin({ ...plugin, reference, component: Buffer.concat([emptyComponent, Buffer.alloc(size)]) }),
    ),
  );
  const on = { log: silentLog(), baseDir: '/' };
  const { origin } = await fetchArtifact(createSource({ oci: reference }, on));
  expect(digests).toContain(origin.manifest);
  for (const [index, digest] of digests.entries()) {
    const { bytes } = await fetchArtifact(createSource({ oci: `${registry.host}/acme/redact@${digest}` }, on));
    expect(bytes.length).toBe(emptyComponent.length + (sizes[index] ?? 0));
  }
});

it('[REG-73] a blob beyond the limit of the registry is told, though the registry hangs up', async () => {
  const registry = await startRegistry({ directory: await temporaryFolder(), blobBytes: 10_000 });
  onTestFinished(registry.close);
  const component = Buffer.concat([emptyComponent, Buffer.alloc(5_000_000)]);
  const pushed = pushPlugin({ ...plugin, component, reference: `${registry.host}/acme/redact:1` });
  await expect(pushed).rejects.toMatchObject({ code: expect.stringMatching(/registry_(answer|unreachable)/) });
  expect((await fetch(`${registry.url}/v2/acme/redact/tags/list`)).status).toBe(404);
});

it('[CLI-04] tells how much of an upload is on its way', async () => {
  const registry = await faultyRegistry(taking(() => '/upload'));
  const component = Buffer.concat([emptyComponent, Buffer.alloc(300_000)]);
  const sent: number[] = [];
  const progress = ({ done, total }: { done: number; total: number }) => {
    if (total === component.length) sent.push(done);
  };
  await pushPlugin({ ...plugin, component, reference: registry.reference, progress });
  expect(sent.length).toBeGreaterThan(3);
  expect(sent).toEqual(sent.toSorted((one, other) => one - other));
  expect(sent.at(-1)).toBe(component.length);
});
