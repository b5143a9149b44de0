import { cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { parse } from 'yaml';
import { grantsSchema } from '../../host/src/capability/registry.ts';
import { loadConfig } from '../../host/src/config/load-config.ts';
import { createLog, silentLog } from '../../host/src/core/log.ts';
import { createHost } from '../../host/src/host/create-host.ts';
import { type ApiAnswer, startHttpApi } from '../fixtures/http-api.ts';
import { keep } from '../fixtures/keep.ts';
import { root } from '../fixtures/markdown.ts';
import { runCommand } from '../fixtures/run-command.ts';
import { temporaryFolder } from '../fixtures/temporary-folder.ts';

afterEach(() => void vi.unstubAllEnvs());

/** The API of the example: pets that can be listed, read and added. */
function petsApi(): ApiAnswer {
  const pets: object[] = [{ id: 1, name: 'Rex', kind: 'dog' }];
  return ({ method, url, headers, body }, response) => {
    const [path = '', query = ''] = url.split('?');
    if (method === 'POST') {
      if (headers['x-api-key'] !== 'secret-of-pets') return void response.writeHead(401).end();
      const pet = { id: pets.length + 1, ...JSON.parse(body) };
      pets.push(pet);
      response.statusCode = 201;
      return pet;
    }
    if (path === '/v1/pets') return pets.slice(0, Number(new URLSearchParams(query).get('limit') ?? 100));
    return pets[Number(path.split('/').at(-1)) - 1] ?? void response.writeHead(404).end();
  };
}

/** Starts the gateway of the example, with a client of the SDK. */
async function serve(change: (config: string) => string = config => config) {
  const api = keep(await startHttpApi(petsApi()));
  const folder = await temporaryFolder();
  await cp(join(root, 'examples/openapi'), folder, { recursive: true });
  const file = join(folder, 'sallyport.yaml');
  const text = change(await readFile(file, 'utf8'));
  await writeFile(file, `${text}\nlisten: 127.0.0.1:0\ncache_dir: ${join(folder, 'cache')}\n`);
  vi.stubEnv('PETS_URL', `${api.url}/v1`);
  vi.stubEnv('PETS_KEY', 'secret-of-pets');
  const lines: Record<string, unknown>[] = [];
  const log = createLog('debug', { write: line => void lines.push(JSON.parse(line)) });
  const host = keep(await createHost(await loadConfig(file, { grants: grantsSchema }), { log }));
  const { url } = await host.server.listen({ host: '127.0.0.1', port: 0 });
  const client = new Client({ name: 'test', version: '1' });
  await client.connect(new StreamableHTTPClientTransport(new URL(`${url}/mcp`)));
  onTestFinished(() => client.close());
  return { api, client, lines, folder };
}

describe('an API behind the gateway', () => {
  it("[OAS-15] is what the document about it says, to the SDK's client", async () => {
    const { api, client } = await serve();
    const { tools } = await client.listTools();
    expect(tools.map(({ name }) => name)).toEqual(['list_pets', 'add_pet', 'get_pet']);
    expect(client.getServerVersion()).toMatchObject({ title: 'Pets' });
    const listed = await client.callTool({ name: 'list_pets', arguments: { limit: 1 } });
    expect(listed).toMatchObject({ structuredContent: { result: [{ id: 1, name: 'Rex', kind: 'dog' }] } });
    const added = await client.callTool({
      name: 'add_pet',
      arguments: { body: { name: 'Tom', kind: 'cat', parent: { name: 'Old' } } },
    });
    expect(added).toMatchObject({ structuredContent: { id: 2, name: 'Tom' } });
    expect(await client.callTool({ name: 'get_pet', arguments: { id: 2 } })).toMatchObject({
      structuredContent: { kind: 'cat' },
    });
    expect(await client.callTool({ name: 'get_pet', arguments: { id: 9 } })).toMatchObject({
      isError: true,
      content: [{ text: 'HTTP status 404' }],
    });
    expect(await client.callTool({ name: 'add_pet', arguments: { body: { kind: 'cat' } } })).toMatchObject({
      isError: true,
    });
    expect(api.requests.map(({ method, url }) => `${method} ${url}`)).toEqual([
      'GET /v1/pets?limit=1',
      'POST /v1/pets',
      'GET /v1/pets/2',
      'GET /v1/pets/9',
    ]);
    expect(api.requests.filter(({ headers }) => headers['x-api-key'] !== undefined)).toHaveLength(1);
  });

  it('[OAS-20] tells clients when its document changes', async () => {
    const { client, folder } = await serve(config =>
      config.replace('document: ./pets.yaml', 'document: ./pets.yaml, poll_ms: 50'.replace(', ', '\n      ')),
    );
    const changed = new Promise<void>(resolve =>
      client.setNotificationHandler('notifications/tools/list_changed', () => resolve()),
    );
    await client.listTools();
    const document = parse(await readFile(join(folder, 'pets.yaml'), 'utf8'));
    document.paths['/owners'] = { get: { operationId: 'listOwners', responses: { 200: { description: 'ok' } } } };
    await writeFile(join(folder, 'pets.yaml'), JSON.stringify(document));
    await changed;
    expect((await client.listTools()).tools.map(({ name }) => name)).toContain('listOwners');
  });

  it('[OAS-24] is registered by a program with the document itself', async () => {
    const api = keep(await startHttpApi(petsApi()));
    const document = parse(await readFile(join(root, 'examples/openapi/pets.yaml'), 'utf8'));
    const config = { cache_dir: await temporaryFolder(), upstreams: [], bindings: [{ id: 'main' }] };
    const host = keep(await createHost(config, { log: silentLog() }));
    await host.registerUpstream({ id: 'pets', openapi: { document, base_url: `${api.url}/v1` } });
    const { url } = await host.server.listen({ host: '127.0.0.1', port: 0 });
    const client = new Client({ name: 'test', version: '1' });
    onTestFinished(() => client.close());
    await client.connect(new StreamableHTTPClientTransport(new URL(`${url}/mcp`)));
    expect(await client.callTool({ name: 'getPet', arguments: { id: 1 } })).toMatchObject({
      structuredContent: { name: 'Rex' },
    });
  });

  it('[OAS-09] is checked by the command, with every problem and its place', async () => {
    const folder = await temporaryFolder();
    await cp(join(root, 'examples/openapi'), folder, { recursive: true });
    vi.stubEnv('PETS_URL', 'https://pets.example.com');
    vi.stubEnv('PETS_KEY', 'x');
    const file = join(folder, 'sallyport.yaml');
    expect(await runCommand(['check', '-c', file])).toMatchObject({ code: 0 });
    const document = await readFile(join(folder, 'pets.yaml'), 'utf8');
    await writeFile(
      join(folder, 'pets.yaml'),
      document.replace('in: path', 'in: pth').replace('minimum: 1', 'minimum: 101'),
    );
    const { code, stderr } = await runCommand(['check', '-c', file]);
    expect(code).toBe(3);
    expect(stderr).toMatch(/openapi_invalid.*#\/paths\/~1pets~1\{id\}\/parameters\/0/);
    expect(stderr).toMatch(/openapi_invalid.*minimum is 101 and maximum is 100/);
  });
});
