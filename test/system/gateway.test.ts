import type { ServerResponse } from 'node:http';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { Client as LegacyClient } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as LegacyTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { describe, expect, it, onTestFinished } from 'vitest';
import { silentLog } from '../../host/src/core/log.ts';
import { Gateway } from '../../host/src/gateway/gateway.ts';
import { HttpServer } from '../../host/src/http/server.ts';
import type { UpstreamEntry } from '../../host/src/upstream/mcp/create-upstream.ts';
import { everythingOverStdio, freePort, startEverything } from '../fixtures/everything.ts';
import { inlineChain } from '../fixtures/inline-chain.ts';
import { keep } from '../fixtures/keep.ts';
import { initialize, mcpHeaders, openGateway, rpc, call as toolCall } from '../fixtures/open-gateway.ts';
import { openRawGateway } from '../fixtures/open-raw-gateway.ts';
import { postHead, rawClient } from '../fixtures/raw-client.ts';
import { type RawMessage, startRawHttpServer } from '../fixtures/raw-http-server.ts';
import { oddResult } from '../fixtures/raw-mcp.ts';

const rawEntry = async (id = 'raw', sse = false): Promise<UpstreamEntry> => ({
  id,
  http: { url: (await keep(startRawHttpServer({ name: id, sse }))).url },
});
const textOf = (result: object | undefined) => (result as { content?: { text: string }[] })?.content?.[0]?.text;

interface CallOptions {
  readonly signal?: AbortSignal;
  readonly onprogress?: (said: { progress: number }) => void;
}
type CallParams = { name: string; arguments?: Record<string, unknown> };

/** The two generations of the real client. They differ in where a call takes its options. */
const clients = {
  'the MCP client': async (url: string) => {
    const client = new Client({ name: 'test', version: '1.0.0' }, { versionNegotiation: { mode: 'auto' } });
    await client.connect(new StreamableHTTPClientTransport(new URL(`${url}/mcp`)));
    onTestFinished(() => client.close());
    return { client, call: (params: CallParams, options?: CallOptions) => client.callTool(params, options) };
  },
  'the client of SDK v1': async (url: string) => {
    const client = new LegacyClient({ name: 'test', version: '1.0.0' });
    // Its types do not know exactOptionalPropertyTypes.
    await client.connect(new LegacyTransport(new URL(`${url}/mcp`)) as Parameters<typeof client.connect>[0]);
    onTestFinished(() => client.close());
    const call = (params: CallParams, options?: CallOptions) => client.callTool(params, undefined, options);
    return { client: client as unknown as Client, call };
  },
};

const upstreams = {
  stdio: async (): Promise<UpstreamEntry> => ({ id: 'everything', stdio: everythingOverStdio }),
  'streamable HTTP': async (): Promise<UpstreamEntry> => ({
    id: 'everything',
    http: { url: (await keep(startEverything())).url },
  }),
};

describe.each(Object.entries(clients))('%s', (_, connect) => {
  describe.each(Object.entries(upstreams))('and server-everything over %s', (_, entry) => {
    it('list, call, get and read through the gateway [GW-01]', async () => {
      const { url } = await keep(openGateway([await entry()]));
      const { client, call } = await connect(url);
      expect(client.getServerVersion()?.name).toContain('everything');
      expect(client.getInstructions()).toContain('Everything');
      expect((await client.listTools()).tools.map(({ name }) => name)).toContain('get-sum');
      expect(textOf(await call({ name: 'get-sum', arguments: { a: 2, b: 40 } }))).toContain('42');
      const image = await call({ name: 'get-tiny-image', arguments: {} });
      expect(image.content).toContainEqual(expect.objectContaining({ type: 'image', mimeType: 'image/png' }));
      expect((await client.listPrompts()).prompts.map(({ name }) => name)).toContain('simple-prompt');
      expect((await client.getPrompt({ name: 'simple-prompt' })).messages).toHaveLength(1);
      const { resources } = await client.listResources();
      const uri = String(resources[0]?.uri);
      expect((await client.readResource({ uri })).contents[0]).toMatchObject({ uri });
      expect((await client.listResourceTemplates()).resourceTemplates.length).toBeGreaterThan(0);
      const ref = { type: 'ref/prompt' as const, name: 'completable-prompt' };
      const { completion } = await client.complete({ ref, argument: { name: 'department', value: 'E' } });
      expect(completion.values).toContain('Engineering');
      await client.ping();
      await client.setLoggingLevel('warning');
    });

    it('hear progress of a call, and cancel one [GW-02]', async () => {
      const { url, lines } = await keep(openGateway([await entry()]));
      const { call } = await connect(url);
      const slow = (duration: number, steps = 2) => ({
        name: 'trigger-long-running-operation',
        arguments: { duration, steps },
      });
      const heard: number[] = [];
      const done = await call(slow(0.2), { onprogress: ({ progress }) => heard.push(progress) });
      expect(textOf(done)).toContain('completed');
      expect(heard).toEqual([1, 2]);

      const controller = new AbortController();
      const leaving = { signal: controller.signal, onprogress: () => controller.abort('enough') };
      await expect(call(slow(60, 600), leaving)).rejects.toThrow();
      await expect.poll(() => lines.filter(({ method }) => method === 'notifications/cancelled')).toHaveLength(1);
      // The cancelled call has ended too, long before its time.
      await expect.poll(() => lines.filter(({ method }) => method === 'tools/call')).toHaveLength(2);
      expect(textOf(await call({ name: 'echo', arguments: { message: 'honest' } }))).toContain('honest');
    });
  });

  it('get an error of the upstream as it was, and a fault with its code [GW-03]', async () => {
    const { url } = await keep(openGateway([await rawEntry()]));
    const { client, call } = await connect(url);
    await expect(client.getPrompt({ name: 'greet' })).resolves.toBeDefined();
    await expect(call({ name: 'no-such' })).rejects.toMatchObject({
      code: -32602,
      data: { asked: 'no-such' },
    });
    await expect(call({ name: 'die' })).rejects.toMatchObject({
      code: -32012,
      data: { code: 'upstream_closed', upstream: 'raw', hint: expect.any(String) },
    });
  });

  it('get the reason of a block, structured [GW-04]', async () => {
    const data = { plugin: 'inline', code: 'NO', reason: 'No.', description: 'Not today.', details: { day: 'today' } };
    const chain = inlineChain({ 'tools/call': () => ({ kind: 'block', data }) });
    const { url } = await keep(openGateway([await rawEntry()], { bindings: { main: { upstreams: ['raw'], chain } } }));
    await expect((await connect(url)).call({ name: 'echo' })).rejects.toMatchObject({ code: -32001, data });
  });
});

describe.each([{ sse: false }, { sse: true }])('an upstream that answers with events: $sse', ({ sse }) => {
  it('has its results handed on with every member, digit and escape [GW-05]', async () => {
    const gateway = await keep(openGateway([await rawEntry('raw', sse)]));
    const session = await gateway.session();
    const response = await fetch(`${gateway.url}/mcp`, {
      method: 'POST',
      headers: { ...mcpHeaders, ...session },
      body: JSON.stringify(toolCall('odd', {}, 'mine')),
    });
    const text = `{"jsonrpc":"2.0","id":"mine","result":${oddResult}}`;
    expect((await response.text()).replace(/\s+/g, ' ')).toBe(text.replace(/\s+/g, ' '));
    const listed = await gateway.post(rpc('tools/list'), session);
    expect(listed.body.result.tools[0]).toMatchObject({ 'x-vendor': { kept: true } });
  });
});

it('sends arguments on with every digit', async () => {
  const gateway = await keep(openRawGateway());
  const session = await gateway.session();
  const args = '{"text":12345678901234567890,"list":[0.1000000000000000055]}';
  const params = `{"name":"echo","arguments":${args}}`;
  await gateway.post(`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":${params}}`, session);
  expect(gateway.upstream.bodies.at(-1)).toContain(params);
});

it('negotiates the revision of the client, or offers the newest [GW-06]', async () => {
  const gateway = await keep(openGateway([await rawEntry()]));
  const offered = async (protocolVersion: string) =>
    (await gateway.post(initialize(protocolVersion))).body.result.protocolVersion;
  expect(await offered('2025-06-18')).toBe('2025-06-18');
  expect(await offered('2025-03-26')).toBe('2025-03-26');
  expect(await offered('2024-11-05')).toBe('2024-11-05');
  expect(await offered('2099-01-01')).toBe('2025-11-25');
});

it('streams progress under the token of the client, and answers plainly when there is nothing to say before', async () => {
  const gateway = await keep(openGateway([await rawEntry()]));
  const session = await gateway.session();
  const meta = { _meta: { progressToken: 'mine' } };
  const streamed = await gateway.post(rpc('tools/call', { name: 'progress', ...meta }, 'a'), session);
  expect(streamed.headers.get('content-type')).toBe('text/event-stream');
  const messages = [...streamed.body.matchAll(/^data: (.*)$/gm)].map(([, data]) => JSON.parse(data));
  expect(messages.map(({ params, result }) => params?.progress ?? textOf(result))).toEqual([1, 2, 3, 'done']);
  expect(messages[0].params).toMatchObject({ progressToken: 'mine', 'x-extra': 'kept' });
  const plain = await gateway.post(rpc('tools/call', { name: 'echo', arguments: { text: 'x' }, ...meta }), session);
  expect(plain.headers.get('content-type')).toBe('application/json');
  const deaf = { ...session, accept: 'application/json' };
  const unheard = await gateway.post(rpc('tools/call', { name: 'progress', ...meta }), deaf);
  expect(textOf(unheard.body.result)).toBe('no token');
});

it('hands on what the upstream logs during a call, to the caller alone and from the level that it asked for [GW-53]', async () => {
  const gateway = await keep(openGateway([await rawEntry()]));
  const session = await gateway.session();
  const usual = await gateway.post(toolCall('log'), session);
  expect([usual.body.includes('info said'), usual.body.includes('debug said')]).toEqual([true, false]);
  expect((await gateway.post(rpc('logging/setLevel', { level: 'warning' }), session)).body.result).toEqual({});
  const streamed = await gateway.post(toolCall('log'), session);
  expect(streamed.body).toContain('error said');
  expect(streamed.body).not.toContain('info said');
  expect(streamed.body).toContain('logged');
  const deaf = { ...session, accept: 'application/json' };
  expect((await gateway.post(toolCall('log'), deaf)).body.result).toBeDefined();
  expect((await gateway.post(toolCall('log'), await gateway.session())).body).toContain('info said');
});

describe('a binding of several upstreams', () => {
  const two = async () => keep(openGateway([await rawEntry('one'), await rawEntry('two')]));

  it('prefixes the names of tools and prompts, and reads all pages of all lists [GW-07]', async () => {
    const gateway = await two();
    const session = await gateway.session();
    const { body } = await gateway.post(rpc('tools/list'), session);
    const names: string[] = body.result.tools.map(({ name }: { name: string }) => name);
    expect(names).toContain('one__echo');
    expect(names).toContain('two__ping');
    const countOf = (id: string) => new Set(names.filter(name => name.startsWith(`${id}__`))).size;
    expect(countOf('two')).toBe(countOf('one'));
    expect(countOf('one')).toBe(names.length / 2);
    expect(body.result.nextCursor).toBeUndefined();
    expect((await gateway.post(rpc('prompts/list'), session)).body.result.prompts).toEqual([
      { name: 'one__greet' },
      { name: 'two__greet' },
    ]);
    const answer = await gateway.post(toolCall('two__echo', { text: 'hello' }), session);
    expect(textOf(answer.body.result)).toBe('hello');
    const prompt = await gateway.post(rpc('prompts/get', { name: 'two__greet' }), session);
    expect(prompt.body.result.messages[0].content.text).toBe('greet from two');
    const ref = { type: 'ref/prompt', name: 'two__greet' };
    const completed = await gateway.post(rpc('completion/complete', { ref, argument: {} }), session);
    expect(completed.body.result.completion.values).toEqual(['two completes']);
  });

  it.each(['raw://two/fixed', 'raw://two/item/7'])('reads %s from its owner [GW-08]', async uri => {
    const gateway = await two();
    const { body } = await gateway.post(rpc('resources/read', { uri }), await gateway.session());
    expect(body.result.contents).toEqual([{ uri, text: 'read by two' }]);
  });

  it.each([
    { what: 'a bare name', message: toolCall('echo'), code: 'name_unknown', hint: 'one__, two__' },
    { what: 'an unknown upstream', message: toolCall('three__echo'), code: 'name_unknown', hint: 'one__, two__' },
    {
      what: 'a uri that nobody has',
      message: rpc('resources/read', { uri: 'raw://three/x' }),
      code: 'resource_unknown',
      hint: 'List',
    },
  ])('refuses $what', async ({ message, code, hint }) => {
    const gateway = await two();
    const { body } = await gateway.post(message, await gateway.session());
    expect(body.error.data).toMatchObject({ code, hint: expect.stringContaining(hint) });
  });

  it('leaves an upstream out of a list that is down, and tells of its instructions under its id', async () => {
    const down = { id: 'down', http: { url: `http://127.0.0.1:${await freePort()}/mcp` } };
    const gateway = await keep(openGateway([await rawEntry('one'), down]));
    const session = await gateway.session();
    const { result } = (await gateway.post(initialize())).body;
    expect(result.instructions).toBe(
      '## one\n\nThe names of its tools and prompts begin with `one__` here.\n\nInstructions of one.',
    );
    // What is still to come may offer anything, and clients ask for no list that was not offered.
    expect(result.capabilities).toMatchObject({ tools: { listChanged: true }, prompts: {}, resources: {} });
    const { body } = await gateway.post(rpc('tools/list'), session);
    expect(new Set(body.result.tools.map(({ name }: { name: string }) => name.split('__')[0]))).toEqual(
      new Set(['one']),
    );
    expect((await gateway.post(toolCall('down__echo'), session)).body.error.data.code).toBe('upstream_unavailable');
  });
});

describe('hooks', () => {
  const withChain = async (chain: ReturnType<typeof inlineChain>) => {
    const gateway = await keep(openGateway([await rawEntry()], { bindings: { main: { upstreams: ['raw'], chain } } }));
    return { gateway, session: await gateway.session() };
  };

  it('see and change what is sent and what comes back, and stand in the log line [GW-09]', async () => {
    const { gateway, session } = await withChain(
      inlineChain(
        { 'tools/call': params => ({ kind: 'proceed', params: { ...params, arguments: { text: 'changed' } } }) },
        { 'tools/call': result => ({ kind: 'proceed', result: { ...result, seen: true } }) },
      ),
    );
    const { body } = await gateway.post(toolCall('echo', { text: 'original' }), session);
    expect(body.result).toMatchObject({ content: [{ text: 'changed' }], seen: true });
    expect(gateway.lines.at(-1)).toMatchObject({
      request: expect.stringMatching(/^[0-9a-f-]{36}$/),
      method: 'tools/call',
      name: 'echo',
      binding: 'main',
      upstream: 'raw',
      status: 200,
      ms: expect.any(Number),
      plugins: [
        { plugin: 'inline', hook: 'tool_pre_invoke', outcome: 'modified', ms: 0 },
        { plugin: 'inline', hook: 'tool_post_invoke', outcome: 'modified', ms: 0 },
      ],
    });
  });

  it('may answer instead of the upstream', async () => {
    const { gateway, session } = await withChain(
      inlineChain({
        'tools/call': params => ({ kind: 'respond', params, result: { content: [], cached: true } }),
      }),
    );
    expect((await gateway.post(toolCall('die'), session)).body.result).toEqual({ content: [], cached: true });
  });

  it('get the output schema of the tool, which the upstream is asked for once [GW-10]', async () => {
    const schemas: unknown[] = [];
    const { gateway, session } = await withChain(
      inlineChain({}, { 'tools/call': (_, options) => void schemas.push(options?.outputSchema?.(false)) }),
    );
    for (const name of ['odd', 'odd', 'echo']) await gateway.post(toolCall(name), session);
    const [first, ...others] = await Promise.all(schemas);
    expect(first).toMatchObject({ type: 'object' });
    expect(others).toEqual([first, undefined]);
  });

  it.each(['tools/list', 'prompts/list', 'resources/list', 'resources/templates/list'])('see %s', async method => {
    const { gateway, session } = await withChain(
      inlineChain({}, { [method]: result => ({ kind: 'proceed', result: { ...result, seen: true } }) }),
    );
    expect((await gateway.post(rpc(method), session)).body.result.seen).toBe(true);
  });
});

it('serves each binding at its own path, and a session at its own binding alone [GW-11]', async () => {
  const gateway = await keep(
    openGateway([await rawEntry('one'), await rawEntry('two')], {
      bindings: { first: { upstreams: ['one'] }, second: { upstreams: ['two'] } },
    }),
  );
  const session = await gateway.session('/mcp/second');
  const prompt = rpc('prompts/get', { name: 'greet' });
  const answer = await gateway.post(prompt, session, '/mcp/second');
  expect(answer.body.result.messages[0].content.text).toBe('greet from two');
  expect((await gateway.post(prompt, session)).status).toBe(404);
  expect((await gateway.post(prompt, session, '/mcp/third')).body.error.data.code).toBe('path_unknown');
});

it('tells open streams that a list changed, and ends them with the session [GW-12]', async () => {
  const gateway = await keep(openRawGateway());
  const session = await gateway.session();
  const headers = { ...session, accept: 'text/event-stream' };
  const stream = await fetch(`${gateway.url}/mcp`, { headers });
  const timer = setInterval(
    () => gateway.upstream.broadcast({ jsonrpc: '2.0', method: 'notifications/tools/list_changed' }),
    20,
  );
  const reader = stream.body?.getReader();
  const first = new TextDecoder().decode((await reader?.read())?.value);
  clearInterval(timer);
  expect(first).toContain('notifications/tools/list_changed');
  expect((await fetch(`${gateway.url}/mcp`, { method: 'DELETE', headers: session })).status).toBe(204);
  while (!(await reader?.read())?.done);
  expect((await gateway.post(rpc('ping'), session)).body.error.data.code).toBe('session_unknown');
});

it('never passes what a client authorizes itself with to an upstream [GW-13]', async () => {
  const gateway = await keep(openGateway([await rawEntry()]));
  const headers = { ...(await gateway.session()), authorization: 'Bearer of-the-client', cookie: 'a=b' };
  const { body } = await gateway.post(toolCall('surroundings'), headers);
  const seen = JSON.parse(textOf(body.result) ?? '');
  expect(Object.keys(seen)).not.toContain('authorization');
  expect(Object.keys(seen)).not.toContain('cookie');
});

it('is alive at once, and ready when its upstreams are [GW-14]', async () => {
  const gateway = await keep(openGateway([await rawEntry()]));
  const probe = async (path: string) => (await fetch(gateway.url + path)).status;
  expect(await probe('/healthz')).toBe(200);
  expect(await probe('/readyz')).toBe(503);
  await expect.poll(() => probe('/readyz')).toBe(200);
});

it('drains: takes nothing new, lets what runs finish, then closes [GW-15]', async () => {
  const held = Promise.withResolvers<() => void>();
  const answer = ({ id, params }: RawMessage, response: ServerResponse) => {
    if (params?.name !== 'held') return false;
    const text = JSON.stringify({ jsonrpc: '2.0', id, result: { content: [{ type: 'text', text: 'completed' }] } });
    held.resolve(() => response.writeHead(200, { 'content-type': 'application/json' }).end(text));
    return true;
  };
  const gateway = await keep(openRawGateway({}, { answer }));
  const session = await gateway.session();
  const running = gateway.post(toolCall('held'), session);
  const release = await held.promise;
  const drained = gateway.server.drain(60_000);
  // On a connection of its own: those that are idle were closed.
  using late = await rawClient(gateway.url);
  const ping = JSON.stringify(rpc('ping'));
  late.send(postHead(gateway.url, ping, session), ping);
  await late.closed;
  expect(late.text()).toMatch(/^HTTP\/1\.1 503 .*\r\nconnection: close\r\n.*"code":"draining"/is);
  expect((await fetch(`${gateway.url}/readyz`)).status).toBe(503);
  release();
  expect(textOf((await running).body.result)).toContain('completed');
  await drained;
  await expect(gateway.post(rpc('ping'), session)).rejects.toThrow();
});

it('says when it cannot listen', async () => {
  const gateway = await keep(openGateway([await rawEntry()]));
  const port = Number(new URL(gateway.url).port);
  const log = silentLog();
  const second = new HttpServer({
    ...{ revisions: [], allowedHosts: [], allowedOrigins: [], log },
    gateway: new Gateway({ bindings: [], limits: { request_timeout_ms: 1, list_ms: 1 }, log }),
    limits: { body_bytes: 1, concurrent_requests: 1, waiting_bytes: 1 },
  });
  await expect(second.listen({ host: '127.0.0.1', port })).rejects.toMatchObject({ code: 'listen_failed', exit: 1 });
});
