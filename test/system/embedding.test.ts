/** A program that embeds the gateway. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import {
  type ConfigObject,
  createHost,
  createLog,
  createPrincipal,
  Faults,
  type HostOptions,
  loadConfig,
  refuse,
  silentLog,
} from '@sallyport/host';
import { beforeEach, describe, expect, it } from 'vitest';
import { freePort } from '../fixtures/everything.ts';
import { keep } from '../fixtures/keep.ts';
import { call, initialize, mcpHeaders, rpc } from '../fixtures/open-gateway.ts';
import { type RawHttpServer, startRawHttpServer } from '../fixtures/raw-http-server.ts';
import { temporaryFolder } from '../fixtures/temporary-folder.ts';
import { until } from '../fixtures/until.ts';

let server: RawHttpServer;
let folder = '';
beforeEach(async () => {
  server = await keep(startRawHttpServer());
  folder = await temporaryFolder();
});

const upstream = (id = 'up', url = server.url) => ({ id, http: { url } });
const open = (config: ConfigObject = { upstreams: [upstream()] }, options: HostOptions = {}) =>
  keep(createHost({ cache_dir: folder, ...config }, { log: silentLog(), folder, ...options }));

const post = (message: object, headers: Record<string, string> = {}, path = '/mcp', url = 'http://localhost') =>
  new Request(url + path, { method: 'POST', headers: { ...mcpHeaders, ...headers }, body: JSON.stringify(message) });

/** Opens a session over `fetch`, and returns what sends a message in it. */
async function session(host: { fetch(request: Request): Promise<Response> }, path?: string) {
  const opened = await host.fetch(post(initialize(), {}, path));
  expect(opened.status).toBe(200);
  const id = opened.headers.get('mcp-session-id') ?? '';
  return async (message: object) => {
    const response = await host.fetch(post(message, { 'mcp-session-id': id }, path));
    // biome-ignore lint/suspicious/noExplicitAny: an answer off the wire, looked into by tests
    return (await response.json()) as any;
  };
}
const toolNames = async (send: (message: object) => Promise<{ result: { tools: { name: string }[] } }>) =>
  (await send(rpc('tools/list'))).result.tools.map(({ name }) => name);

const problemsOf = async (work: Promise<unknown>) => {
  const faults = await work.then(
    () => [],
    (thrown: unknown) => (thrown instanceof Faults ? thrown.faults : [thrown]),
  );
  return faults.map(fault => {
    const { code, details } = fault as Faults['faults'][number];
    return [code, details.path, details.message];
  });
};

describe('createHost', () => {
  it('[EMB-01] takes an object, a file or what loadConfig returned', async () => {
    const file = join(folder, 'sallyport.yaml');
    const upstreams = [upstream()];
    const bindings = [{ id: 'main', upstreams: ['up'] }];
    await writeFile(file, JSON.stringify({ cache_dir: folder, upstreams, bindings }));
    for (const config of [{ cache_dir: folder, upstreams, bindings }, file, await loadConfig(file)]) {
      const host = await keep(createHost(config, { log: silentLog() }));
      const send = await session(host);
      expect((await send(call('echo', { text: 'hi' }))).result).toMatchObject({ content: [{ text: 'hi' }] });
    }
  });

  it('[EMB-01] reports every problem of an object with its path, and resolves paths against the folder', async () => {
    const config = {
      cache_dir: folder,
      upstreams: [{ id: 'up', http: { url: 'ftp://x' } }],
      bindings: [{ id: 'main', upstreams: ['upp'], colour: 'red' }],
      plugins: [{ id: 'p', source: { file: './p.wasm', public_key_file: './missing.pem' } }],
    };
    expect(await problemsOf(createHost(config as ConfigObject, { log: silentLog(), folder }))).toEqual([
      ['config_invalid', 'upstreams.0.http.url', 'expected an http or https URL'],
      ['config_invalid', 'bindings.0.colour', 'unknown key colour'],
      ['config_invalid', 'bindings.0.upstreams.0', 'unknown upstream: upp'],
      ['config_invalid', 'plugins.0.source.public_key_file', expect.stringContaining('cannot be read')],
    ]);
    expect(await problemsOf(createHost({ log: () => {} } as unknown as ConfigObject))).toEqual([
      ['config_invalid', undefined, expect.stringContaining('plain data')],
    ]);
  });

  it('[EMB-01] replaces no variables in an object, and later changes of it have no effect', async () => {
    const variable = ['$', '{HOME}'].join('');
    const upstreams = [{ id: 'up', http: { url: server.url, headers: { 'x-text': variable } } }];
    const host = await open({ upstreams });
    upstreams.length = 0;
    const send = await session(host);
    const { result } = await send(call('surroundings'));
    expect(JSON.parse(result.content[0].text)).toMatchObject({ 'x-text': variable });
  });
});

it('[EMB-01] masks what looks like a secret in an object, as it does with variables of a file', async () => {
  const token = 'k7f3b9d1c5a8e2f4';
  const stdio = { command: process.execPath, args: ['-e', 'console.error(process.env.TOKEN)'], env: { TOKEN: token } };
  const lines: string[] = [];
  const log = createLog('debug', { write: (line: string) => void lines.push(line) });
  await open({ upstreams: [{ id: 'up', stdio, required: false }] }, { log });
  await until(() => lines.some(line => line.includes('stderr') || line.includes('[masked]') || line.includes('***')));
  expect(lines.join()).not.toContain(token);
});

describe('registerUpstream', () => {
  it('[EMB-02] adds an upstream to the default binding or to others, for clients that are connected, too', async () => {
    const other = await keep(startRawHttpServer({ name: 'other' }));
    const host = await open({ upstreams: [], bindings: [{ id: 'main' }, { id: 'second' }] });
    const early = await host.fetch(post(initialize()));
    expect(await early.json()).toMatchObject({ error: { data: { code: 'upstream_unavailable' } } });

    await host.registerUpstream(upstream());
    const send = await session(host);
    expect(await toolNames(send)).toContain('echo');
    await host.registerUpstream(upstream('other', other.url), { bindings: ['main', 'second'] });
    expect(await toolNames(send)).toEqual(expect.arrayContaining(['up__echo', 'other__echo']));
    expect(await toolNames(await session(host))).toEqual(expect.arrayContaining(['up__echo', 'other__echo']));
    expect(await toolNames(await session(host, '/mcp/second'))).toContain('echo');
    const ready = await host.fetch(new Request('http://localhost/readyz'));
    expect(ready.status).toBe(200);
  });

  it('[EMB-02] reports every problem at once, and changes nothing', async () => {
    const host = await open();
    const wrong = { id: 'up', http: { url: server.url }, auth: { secret: 'nowhere' }, timeout: 1 };
    expect(await problemsOf(host.registerUpstream(wrong as never, { bindings: ['mian'] }))).toEqual(
      expect.arrayContaining([
        ['config_invalid', 'bindings', 'unknown binding: mian'],
        ['config_invalid', 'upstreams.0.id', 'duplicate id: up'],
        ['config_invalid', 'upstreams.0.timeout', 'unknown key timeout'],
      ]),
    );
    const down = { id: 'down', http: { url: `http://127.0.0.1:${await freePort()}/mcp` } };
    expect(await problemsOf(host.registerUpstream(down))).toEqual([['upstream_unavailable', undefined, undefined]]);
    expect(await toolNames(await session(host))).toContain('echo');
    // Its id is free again, and an upstream that is not required is not waited for.
    await host.registerUpstream({ ...down, required: false });
  });

  it('[EMB-02] ends an attempt to connect when the host closes', async () => {
    const host = await open();
    const silent = createServer(() => {});
    await once(silent.listen(0, '127.0.0.1'), 'listening');
    const { port } = silent.address() as AddressInfo;
    const registering = problemsOf(host.registerUpstream(upstream('silent', `http://127.0.0.1:${port}/mcp`)));
    await host.close();
    expect(await registering).not.toEqual([]);
    silent.closeAllConnections();
    silent.close();
  });
});

describe('an OpenAPI document of the program', () => {
  const document = (servers: readonly object[]) => ({
    openapi: '3.1.0',
    info: { title: 'Pets', version: '1.0.0' },
    servers,
    paths: { '/pets/{id}': { get: { operationId: 'getPet', responses: { 200: { description: 'A pet.' } } } } },
    components: {},
  });
  const withParameter = (servers: readonly object[]) => {
    const whole = document(servers);
    const parameters = [{ name: 'id', in: 'path', required: true, schema: { type: 'string' } }];
    return { ...whole, paths: { '/pets/{id}': { get: { ...whole.paths['/pets/{id}'].get, parameters } } } };
  };

  it('[EMB-08] becomes tools, alone or with settings, and is called', async () => {
    const api = createServer((incoming, outgoing) => {
      outgoing.setHeader('content-type', 'application/json').end(JSON.stringify({ path: incoming.url }));
    });
    await once(api.listen(0, '127.0.0.1'), 'listening');
    try {
      const base_url = `http://127.0.0.1:${(api.address() as AddressInfo).port}`;
      const host = await open({ upstreams: [] });
      await host.registerUpstream({ id: 'pets', openapi: { document: withParameter([]), base_url } });
      const send = await session(host);
      expect(await toolNames(send)).toEqual(['getPet']);
      const { result } = await send(call('getPet', { id: 'a/b' }));
      expect(JSON.parse(result.content[0].text)).toEqual({ path: '/pets/a%2Fb' });

      const alone = await open({
        upstreams: [{ id: 'pets', openapi: withParameter([{ url: 'https://pets.example' }]) }],
      });
      expect(await toolNames(await session(alone))).toEqual(['getPet']);
    } finally {
      api.close();
      api.closeAllConnections();
    }
  });

  it('[EMB-08] is refused with its problems, and refers to no other document', async () => {
    const host = await open();
    const swagger = { swagger: '2.0', info: { title: 'Old', version: '1' }, paths: {} };
    expect((await problemsOf(host.registerUpstream({ id: 'old', openapi: swagger as never })))[0]?.[0]).toBe(
      'openapi_version',
    );
    const elsewhere = withParameter([{ url: 'https://pets.example' }]);
    const paths = { '/x': { $ref: './other.yaml#/x' } };
    const refused = await problemsOf(host.registerUpstream({ id: 'other', openapi: { ...elsewhere, paths } }));
    expect(refused).not.toEqual([]);
    expect(await toolNames(await session(host))).toContain('echo');
  });
});

describe('fetch', () => {
  it('[EMB-03] streams progress, and serves the notification stream until it is cancelled', async () => {
    const host = await open();
    const opened = await host.fetch(post(initialize()));
    const headers = { 'mcp-session-id': opened.headers.get('mcp-session-id') ?? '' };
    const params = { name: 'progress', arguments: {}, _meta: { progressToken: 1 } };
    const streamed = await host.fetch(post(rpc('tools/call', params), headers));
    expect(streamed.headers.get('content-type')).toBe('text/event-stream');
    const text = await streamed.text();
    expect(text).toContain('"progress":3');
    expect(text).toContain('"text":"done"');

    const get = new Request('http://localhost/mcp', { headers: { ...headers, accept: 'text/event-stream' } });
    const stream = await host.fetch(get);
    expect(stream.status).toBe(200);
    await stream.body?.cancel();
    const ended = await host.fetch(new Request('http://localhost/mcp', { method: 'DELETE', headers }));
    expect([ended.status, ended.body]).toEqual([204, null]);
  });

  it('[EMB-03] cancels the call when the request is aborted', async () => {
    const host = await open();
    const opened = await host.fetch(post(initialize()));
    const headers = { 'mcp-session-id': opened.headers.get('mcp-session-id') ?? '' };
    const leaving = new AbortController();
    const waiting = host.fetch(new Request(post(call('never'), headers), { signal: leaving.signal }));
    await until(() => server.raw.seen.some(({ params }) => params?.name === 'never'));
    leaving.abort(new Error('enough'));
    await expect(waiting).rejects.toThrow('enough');
    await until(() => server.raw.cancelled.length > 0);
  });

  const refused: Readonly<Record<string, readonly [Request: () => Request, context: object, status: number]>> = {
    'another host': [() => post(initialize(), {}, '/mcp', 'http://evil.example'), {}, 403],
    'a page of elsewhere': [() => post(initialize(), { origin: 'https://evil.example' }), {}, 403],
    'a loopback name from elsewhere': [() => post(initialize()), { remoteAddress: '192.0.2.1' }, 403],
    'a loopback name through a proxy': [() => post(initialize(), { 'x-forwarded-for': '192.0.2.1' }), {}, 403],
    'a local page that names another host': [
      () => post(initialize(), { origin: 'http://localhost:3000' }, '/mcp', 'http://mcp.example.com'),
      {},
      403,
    ],
    'a body that is too large': [() => post(call('echo', { text: 'x'.repeat(70_000) })), {}, 413],
    'an unknown path': [() => post(initialize(), {}, '/elsewhere'), {}, 404],
    'metrics for an unknown address': [() => new Request('http://localhost/metrics'), {}, 404],
  };
  it.each(Object.entries(refused))(
    '[EMB-04] refuses %s, as the listener does',
    async (_, [request, context, status]) => {
      const host = await open({
        upstreams: [upstream()],
        allowed_hosts: ['mcp.example.com'],
        limits: { body_bytes: 65_536 },
      });
      expect((await host.fetch(request(), context)).status).toBe(status);
    },
  );

  const served: Readonly<Record<string, readonly [Request: () => Request, context: object]>> = {
    'a loopback name with any port': [() => post(initialize(), {}, '/mcp', 'http://127.0.0.1:4321'), {}],
    'an allowed host from elsewhere': [
      () => post(initialize(), {}, '/mcp', 'https://mcp.example.com'),
      { remoteAddress: '192.0.2.1' },
    ],
    'an allowed page': [() => post(initialize(), { origin: 'https://app.example.com' }), {}],
    'a local page on a loopback name': [() => post(initialize(), { origin: 'http://localhost:3000' }), {}],
    'metrics for this machine': [() => new Request('http://localhost/metrics'), { remoteAddress: '127.0.0.1' }],
  };
  it.each(Object.entries(served))('[EMB-04] serves %s', async (_, [request, context]) => {
    const host = await open({
      upstreams: [upstream()],
      allowed_hosts: ['mcp.example.com'],
      allowed_origins: ['https://app.example.com'],
    });
    expect((await host.fetch(request(), context)).status).toBe(200);
  });
});

it('[EMB-05] is served by a server of the program, beside its own routes and its own listener', async () => {
  const host = await open();
  const outer = createServer((incoming, outgoing) => {
    if (incoming.url === '/hello') outgoing.end('hello');
    else host.handle(incoming, outgoing);
  });
  await once(outer.listen(0, '127.0.0.1'), 'listening');
  try {
    const { port } = outer.address() as AddressInfo;
    const { url } = await host.listen('127.0.0.1:0');
    for (const base of [`http://127.0.0.1:${port}`, url]) {
      const answer = await fetch(post(initialize(), {}, '/mcp', base));
      expect(answer.headers.get('mcp-session-id')).toBeTruthy();
      expect((await fetch(`${base}/metrics`)).status).toBe(200);
    }
    expect(await (await fetch(`http://127.0.0.1:${port}/hello`)).text()).toBe('hello');
    await host.close();
    const after = await fetch(post(initialize(), {}, '/mcp', `http://127.0.0.1:${port}`));
    expect(after.status).toBe(503);
    await expect(fetch(`${url}/healthz`)).rejects.toThrow();
    await expect(host.close()).resolves.toBeUndefined();
  } finally {
    outer.close();
    outer.closeAllConnections();
  }
});

it('[EMB-05] does not listen for other machines without a word about identity', async () => {
  const host = await open();
  const address = '0.0.0.0:0';
  expect(await problemsOf(host.listen(address))).toEqual([['config_invalid', 'identity', expect.any(String)]]);
  expect(await problemsOf(host.listen('nowhere'))).toMatchObject([['usage', undefined, undefined]]);
  const stated = await open({ identity: 'none', allowed_hosts: ['mcp.example.com'], upstreams: [upstream()] });
  await stated.listen(address);
  const schemes = [() => undefined];
  const own = await open({ allowed_hosts: ['mcp.example.com'], upstreams: [upstream()] }, { schemes });
  await own.listen(address);
});

it.each([
  { what: 'without `allow`', stated: {}, rules: {}, status: 403 },
  { what: 'with a rule', stated: {}, rules: { allow: [{}] }, status: 200 },
  { what: 'with `identity: none`', stated: { identity: 'none' }, rules: {}, status: 200 },
] as const)('[EMB-29] callers whom a scheme of the program identifies may do what rules allow, $what', async each => {
  const bindings = [{ id: 'main', upstreams: ['up'], ...each.rules }];
  const schemes = [() => createPrincipal({ scheme: 'program', subject: 'ada' })];
  const host = await open({ ...each.stated, upstreams: [upstream()], bindings } as ConfigObject, { schemes });
  expect((await host.fetch(post(initialize()))).status).toBe(each.status);
});

it('[EMB-05] finishes running requests when it closes', async () => {
  const host = await open();
  const send = await session(host);
  const running = send(call('slow', { ms: 300 }));
  await until(() => server.raw.seen.some(({ params }) => params?.name === 'slow'));
  await host.close();
  expect((await running).result).toMatchObject({ content: [{ text: 'slow' }] });
});

it('[EMB-22] answers a client with the reason of a handler, and logs what one threw', async () => {
  const lines: Record<string, unknown>[] = [];
  const log = createLog('info', { write: (line: string) => void lines.push(JSON.parse(line)) });
  const host = await open(undefined, { log });
  host.on('beforeRequest', ({ method, params }) => {
    if (method === 'tools/call' && params.name === 'pid') refuse('only on weekdays');
    if (method === 'tools/call' && params.name === 'odd') throw new Error('a bug at line 7');
  });
  const send = await session(host);
  expect((await send(call('echo', { text: 'hi' }))).result).toMatchObject({ content: [{ text: 'hi' }] });
  expect((await send(call('pid'))).error).toMatchObject({
    data: { code: 'handler_refused', hint: 'only on weekdays' },
  });
  const { error } = await send(call('odd'));
  expect(error).toMatchObject({ code: -32001, data: { code: 'handler_failed' } });
  expect(JSON.stringify(error)).not.toContain('bug');
  expect(lines.find(({ code }) => code === 'handler_failed')).toMatchObject({ cause: 'a bug at line 7' });
});

const examples: Readonly<Record<string, (url: string) => Promise<void>>> = {
  'listen.ts': async url => {
    const answer = await fetch(post(initialize(), {}, '', url));
    expect(answer.headers.get('mcp-session-id')).toBeTruthy();
  },
  'beside-routes.ts': async url => {
    expect(await (await fetch(url)).text()).toBe('This is my program.');
    expect((await fetch(post(initialize(), {}, '/mcp', url))).status).toBe(200);
  },
  'fetch.ts': async () => {},
};
it.each(Object.entries(examples))('[EMB-06] the program of the document in %s runs as it stands', async (file, use) => {
  const program = join(import.meta.dirname, '../../examples/embedding', file);
  const env = { ...process.env, FILES_URL: server.url };
  const child = spawn(process.execPath, [program], { cwd: folder, env, stdio: ['ignore', 'pipe', 'ignore'] });
  let said = '';
  child.stdout.setEncoding('utf8').on('data', text => {
    said += text;
  });
  const closed = once(child, 'close');
  await until(() => /^serving at|^200 /m.test(said));
  const { port, address } = /address: '(?<address>[^']+)'[^}]*port: (?<port>\d+)/.exec(said)?.groups ?? {};
  await use(/http:\S+/.exec(said)?.[0] ?? `http://${address}:${port}`);
  if (file !== 'fetch.ts') child.kill('SIGTERM');
  expect((await closed)[0]).toBe(0);
});
