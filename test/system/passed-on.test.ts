import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Unhooked } from '../../host/src/gateway/unhooked.ts';
import { sharedNumbers } from '../../host/src/mcp/errors.ts';
import { inlineChain } from '../fixtures/inline-chain.ts';
import { keep } from '../fixtures/keep.ts';
import { initialize, openGateway, rpc, call as toolCall } from '../fixtures/open-gateway.ts';
import { openRawGateway } from '../fixtures/open-raw-gateway.ts';
import { startRawHttpServer } from '../fixtures/raw-http-server.ts';

/** One or several raw servers behind one binding. */
async function open(servers: Readonly<Record<string, Parameters<typeof startRawHttpServer>[0]>>) {
  const started = await Promise.all(
    Object.entries(servers).map(async ([id, options]) => ({
      id,
      server: await keep(startRawHttpServer({ name: id, ...options })),
    })),
  );
  const gateway = await keep(openGateway(started.map(({ id, server }) => ({ id, http: { url: server.url } }))));
  return { gateway, session: await gateway.session(), server: started[0]?.server };
}

describe('what no hook is called for', () => {
  const withToken = (name: string) => rpc('tools/call', { name, _meta: { progressToken: 7 } });

  async function guarded(unhooked: Unhooked | undefined, chain = inlineChain({}, { 'tools/call': () => undefined })) {
    const main = { upstreams: ['raw'], chain, ...(unhooked === undefined ? {} : { unhooked }) };
    const gateway = await keep(openRawGateway({ bindings: { main } }, { name: 'raw' }));
    return { gateway, session: await gateway.session() };
  }

  it('does not reach clients of a binding with an after hook: log messages, texts of progress and errors [GW-54]', async () => {
    const { gateway, session } = await guarded(undefined);
    const progress = await gateway.post(withToken('progress'), session);
    const messages = [...progress.body.matchAll(/^data: (.*)$/gm)].map(([, data]) => JSON.parse(data));
    expect(messages.slice(0, 3)).toEqual(
      [1, 2, 3].map(progress => ({
        ...{ jsonrpc: '2.0', method: 'notifications/progress' },
        params: { progressToken: 7, progress, total: 3 },
      })),
    );
    expect(messages[3].result).toBeDefined();
    expect((await gateway.post(toolCall('log'), session)).body.result).toBeDefined();

    const { body } = await gateway.post(toolCall('no-such-tool'), session);
    expect(body.error).toEqual({
      code: -32602,
      message: 'The upstream answered with an error.',
      data: { code: 'upstream_error', hint: expect.any(String), request: expect.any(String), upstream: 'raw' },
    });
    expect(gateway.lines.at(-1)).toMatchObject({ level: 40, code: 'upstream_error', upstream: 'raw' });
    expect(JSON.stringify(gateway.lines.at(-1))).toContain('no no-such-tool');
  });

  it('is no text in the digits of progress either [GW-54]', async () => {
    const digits = '1.7082716482706548270165482706548270165';
    const server = await keep(
      startRawHttpServer({
        answer(message, response) {
          if (message.params?.name !== 'digits') return false;
          const { progressToken } = (message.params as { _meta: { progressToken: number } })._meta;
          response.writeHead(200, { 'content-type': 'text/event-stream' });
          for (const total of [digits, '1e400']) {
            const params = `{"progressToken":${progressToken},"progress":${digits},"total":${total}}`;
            response.write(`data: {"jsonrpc":"2.0","method":"notifications/progress","params":${params}}\n\n`);
          }
          response.end(`data: {"jsonrpc":"2.0","id":${message.id},"result":{}}\n\n`);
          return true;
        },
      }),
    );
    const main = { upstreams: ['raw'], chain: inlineChain({}, { 'tools/list': () => undefined }) };
    const gateway = await keep(openGateway([{ id: 'raw', http: { url: server.url } }], { bindings: { main } }));
    const { body } = await gateway.post(withToken('digits'), await gateway.session());
    expect(body).not.toContain(digits);
    expect(body).toContain(`"params":{"progress":${Number(digits)},"total":${Number(digits)},"progressToken":7}`);
    expect(body).toContain(`"params":{"progress":${Number(digits)},"progressToken":7}`);
  });

  it('is all the same whichever method has the hook [GW-54]', async () => {
    const { gateway, session } = await guarded('drop', inlineChain({}, { 'resources/list': () => undefined }));
    expect((await gateway.post(toolCall('no-such-tool'), session)).body.error.message).not.toContain('no-such-tool');
  });

  it.each([
    { what: 'says to pass it', unhooked: 'pass' as const, chain: undefined },
    { what: 'has no plugins', unhooked: undefined, chain: inlineChain() },
    { what: 'has before hooks alone', unhooked: undefined, chain: inlineChain({ 'tools/call': () => undefined }) },
  ])('reaches clients of a binding that $what, and the log [GW-54] [GW-90]', async ({ unhooked, chain }) => {
    const { gateway, session } = await guarded(unhooked, chain);
    expect((await gateway.post(withToken('progress'), session)).body).toContain('"message":"step 1"');
    expect((await gateway.post(toolCall('log'), session)).body).toContain('error said');
    const { error } = (await gateway.post(toolCall('no-such-tool'), session)).body;
    expect(error).toMatchObject({ code: -32602, message: 'no no-such-tool' });
    expect(gateway.lines.at(-1)).toMatchObject({
      ...{ level: 40, code: 'upstream_error', hint: 'the upstream said: no no-such-tool' },
      details: { upstream: 'raw', rpc: -32602 },
    });
  });

  it('is not what a plugin says when it blocks [GW-54]', async () => {
    const data = { plugin: 'inline', code: 'NO', reason: 'No.', description: 'Not today.' };
    const { gateway, session } = await guarded(
      'drop',
      inlineChain({}, { 'tools/call': () => ({ kind: 'block', data }) }),
    );
    expect((await gateway.post(toolCall('echo'), session)).body.error).toMatchObject({
      code: sharedNumbers.plugin_blocked,
      data,
    });
  });
});

describe('a log message of no call', () => {
  const said = (level: string) => ({
    ...{ jsonrpc: '2.0', method: 'notifications/message' },
    params: { level, data: `${level} of no call` },
  });

  /** What a client hears on its stream of two messages that the server says to nobody in particular. */
  async function heard(connections: 'per_session' | 'shared', chain = inlineChain(), more: object[] = []) {
    const server = await keep(startRawHttpServer({ name: 'raw' }));
    const entry = { id: 'raw', http: { url: server.url }, connections };
    const gateway = await keep(openGateway([entry], { bindings: { main: { upstreams: ['raw'], chain } } }));
    const session = await gateway.session();
    const stream = await fetch(`${gateway.url}/mcp`, { headers: { ...session, accept: 'text/event-stream' } });
    let text = '';
    void (async () => {
      for await (const chunk of stream.body ?? []) text += new TextDecoder().decode(chunk as Uint8Array);
    })().catch(() => {});
    const end = { jsonrpc: '2.0', method: 'notifications/tools/list_changed', params: { text: 'of the upstream' } };
    await expect
      .poll(() => {
        for (const message of [said('debug'), said('info'), ...more, end]) server.broadcast(message);
        return text;
      })
      .toContain('list_changed');
    return text;
  }

  it('reaches a client that set no level, from info on [GW-53]', async () => {
    const text = await heard('per_session');
    expect([text.includes('info of no call'), text.includes('debug of no call')]).toEqual([true, false]);
  });

  it('is kept from a client that shares its connection with others, and may be about their calls [GW-53]', async () => {
    expect(await heard('shared')).not.toContain('of no call');
  });

  it('is kept from a binding with an after hook, as is all text beside it [GW-54]', async () => {
    const text = await heard('per_session', inlineChain({}, { 'tools/call': () => undefined }));
    expect(text).not.toMatch(/of no call|of the upstream/);
  });

  it('reaches no client as the name of a change that MCP does not know [GW-54]', async () => {
    const odd = { jsonrpc: '2.0', method: 'a secret/list_changed' };
    expect(await heard('per_session', inlineChain({}, { 'tools/call': () => undefined }), [odd])).not.toContain(
      'secret',
    );
  });
});

describe('tasks', () => {
  const tool = { inputSchema: { type: 'object' } };
  const tools = [
    { ...tool, name: 'plain' },
    { ...tool, name: 'may', execution: { taskSupport: 'optional' } },
    { ...tool, name: 'must', execution: { taskSupport: 'required' } },
    { ...tool, name: 'other', execution: { taskSupport: 'forbidden', 'x-vendor': 1 } },
  ];
  const shown = (prefix: string) => [
    { ...tool, name: `${prefix}plain` },
    { ...tool, name: `${prefix}may` },
    { ...tool, name: `${prefix}other`, execution: { 'x-vendor': 1 } },
  ];
  const own = { results: { 'tools/list': { tools, nextCursor: undefined } } };

  it('are not offered with a tool [GW-55]', async () => {
    const { gateway, session } = await open({ one: own });
    expect((await gateway.post(rpc('tools/list'), session)).body.result.tools).toEqual(shown(''));
    const both = await open({ one: own, two: own });
    const { body } = await both.gateway.post(rpc('tools/list'), both.session);
    expect(body.result.tools).toEqual([...shown('one__'), ...shown('two__')]);
  });

  it('are not begun upstream [GW-55]', async () => {
    const { gateway, session, server } = await open({ one: {} });
    const params = { name: 'echo', arguments: { text: 'now' }, task: { ttl: 60_000 } };
    const { body } = await gateway.post(rpc('tools/call', params), session);
    expect(body.result.content[0].text).toBe('now');
    expect(server?.bodies.at(-1)).not.toContain('ttl');
  });
});

describe('the server that a client sees', () => {
  const serverInfo = {
    ...{ name: 'tickets', title: 'Tickets', version: '7.1.0', websiteUrl: 'https://tickets.example' },
    icons: [{ src: 'https://tickets.example/icon.png', mimeType: 'image/png' }],
  };

  it('is the one upstream, with all that it says of itself [GW-56]', async () => {
    const { gateway } = await open({ one: { results: { initialize: { serverInfo } } } });
    expect((await gateway.post(initialize())).body.result.serverInfo).toEqual(serverInfo);
  });

  it('is the binding, behind several upstreams [GW-56]', async () => {
    const { gateway } = await open({ one: { results: { initialize: { serverInfo } } }, two: {} });
    expect((await gateway.post(initialize())).body.result.serverInfo).toEqual({ name: 'main', version: '0.1.0' });
  });

  it('offers extensions that need no methods of their own, and nothing experimental [GW-56]', async () => {
    const capabilities = {
      tools: {},
      experimental: { 'example.com/queue': {} },
      extensions: { 'io.modelcontextprotocol/ui': { mimeTypes: ['text/html'] }, 'example.com/own': {} },
    };
    const { gateway } = await open({ one: { results: { initialize: { capabilities } } } });
    expect((await gateway.post(initialize())).body.result.capabilities).toEqual({
      tools: { listChanged: true },
      extensions: { 'io.modelcontextprotocol/ui': { mimeTypes: ['text/html'] } },
    });
  });
});

describe('a client of', () => {
  it('2024-11-05 is served in its revision [GW-51]', async () => {
    const { gateway } = await open({ one: {} });
    const { headers, body } = await gateway.post(initialize('2024-11-05'));
    expect(body.result.protocolVersion).toBe('2024-11-05');
    const session = { 'mcp-session-id': String(headers.get('mcp-session-id')) };
    expect((await gateway.post({ jsonrpc: '2.0', method: 'notifications/initialized' }, session)).status).toBe(202);
    const called = await gateway.post(toolCall('echo', { text: 'hello' }), session);
    expect(called.body.result.content[0].text).toBe('hello');
  });

  const later = { _meta: { 'io.modelcontextprotocol/protocolVersion': '2026-07-28' } };
  const header = { 'mcp-protocol-version': '2026-07-28' };
  it.each([
    { what: 'asks what there is', message: rpc('server/discover', later), headers: header },
    { what: 'asks what there is, without a header', message: rpc('server/discover', later), headers: {} },
    { what: 'begins with a call', message: rpc('tools/list', later), headers: header },
    { what: 'begins with a call, without a header', message: rpc('tools/list', later), headers: {} },
  ])('2026-07-28 that $what is told what it can choose from [GW-57]', async ({ message, headers }) => {
    const { gateway } = await open({ one: {} });
    const { status, body } = await gateway.post(message, headers);
    expect([status, body.id, body.error.code]).toEqual([400, 1, -32022]);
    expect(body.error.data).toMatchObject({
      supported: ['2025-11-25', '2025-06-18', '2025-03-26', '2024-11-05'],
      requested: '2026-07-28',
      code: 'revision_unknown',
    });
  });

  it('2026-07-28 that knows earlier ones falls back, and one that does not says what is offered [GW-57]', async () => {
    const { gateway } = await open({ one: {} });
    const connect = async (mode: 'auto' | { pin: string }) => {
      const client = new Client({ name: 'test', version: '1.0.0' }, { versionNegotiation: { mode } });
      await client.connect(new StreamableHTTPClientTransport(new URL(`${gateway.url}/mcp`)));
      onTestFinished(() => client.close());
      return client;
    };
    expect((await connect('auto')).getNegotiatedProtocolVersion()).toBe('2025-11-25');
    await expect(connect({ pin: '2026-07-28' })).rejects.toThrow();
  });
});

it('the log line of a request is short, whatever its names are [GW-58]', async () => {
  const { gateway, session } = await open({ one: {} });
  const huge = 'n'.repeat(900_000);
  const messages = [
    toolCall(huge),
    rpc('resources/read', { uri: `raw://one/${huge}` }),
    rpc(huge),
    rpc('prompts/get', { name: huge }),
  ];
  for (const message of messages) await gateway.post(message, session);
  await gateway.post({ jsonrpc: '2.0', method: huge }, session);
  const { length } = gateway.lines.filter(line => JSON.stringify(line).length > 5_000);
  expect([gateway.lines.length, length]).toEqual([6, 0]);
});
