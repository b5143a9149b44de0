import { startRegistry } from '@sallyport/registry/start-registry';
import { expect, it, onTestFinished } from 'vitest';
import { type FaultyRegistry, faultyRegistry, type RegistryFault } from '../../../test/fixtures/faulty-registry.ts';
import { descriptorOf, emptyComponent } from '../../../test/fixtures/signed-plugin.ts';
import { temporaryFolder } from '../../../test/fixtures/temporary-folder.ts';
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
