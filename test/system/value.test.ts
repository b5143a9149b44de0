import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Content } from '../../host/src/contract/generated/types.js';
import { hookNames } from '../../host/src/contract/hook-name.ts';
import { silentLog } from '../../host/src/core/log.ts';
import { createHookChain } from '../../host/src/hook/create-hook-chain.ts';
import type { HookedPlugin } from '../../host/src/hook/hook-chain.ts';
import { PluginHealth } from '../../host/src/hook/plugin-health.ts';
import { createFakeHookRunner, type FakePlugin } from '../fixtures/fake-hook-runner.ts';
import { mcpHeaders, type OpenGateway, openGateway } from '../fixtures/open-gateway.ts';
import { type RawHttpServer, startRawHttpServer } from '../fixtures/raw-http-server.ts';

const numbers =
  '{"id":725653563933458432,"max":9223372036854775807,"p":1.10,"one":1.0,"zero":-0.0,"e":1e400,"n":[1,2.50]}';

/** Everything that plugins were shown. */
const shown: string[] = [];
const looks: FakePlugin = {
  before: request => {
    shown.push(JSON.stringify(request));
    return { tag: 'proceed' };
  },
  after: response => {
    shown.push(JSON.stringify(response));
    return { tag: 'proceed' };
  },
};
const shout = (block: Content): Content =>
  block.tag === 'text' ? { tag: 'text', val: block.val.toUpperCase() } : block;
/** Changes a word within every text of JSON, and every text of a result. */
const changes: FakePlugin = {
  before: request => {
    if (request.tag !== 'tool-call') return { tag: 'proceed' };
    const args = request.val.arguments.replace('"word"', '"WORD"');
    return { tag: 'modified', val: { tag: 'tool-call', val: { ...request.val, arguments: args } } };
  },
  after: response => {
    if (response.tag === 'tool-list') {
      const tools = response.val.map(tool => ({
        ...{ ...tool, description: 'changed' },
        inputSchema: tool.inputSchema.replace('"word"', '"WORD"'),
      }));
      return { tag: 'modified', val: { tag: 'tool-list', val: tools } };
    }
    if (response.tag !== 'tool-result') return { tag: 'proceed' };
    const { content, structuredContent = '{}' } = response.val;
    const changed = { content: content.map(shout), structuredContent: structuredContent.replace('"word"', '"WORD"') };
    return { tag: 'modified', val: { tag: 'tool-result', val: { ...response.val, ...changed } } };
  },
};

const deny: HookedPlugin['onError'] = {
  ...{ trap: 'deny', timeout: 'deny', limit: 'deny', invalid_output: 'deny', unavailable: 'deny', merge: 'deny' },
};
const chainOf = (plugin: FakePlugin) =>
  createHookChain({
    plugins: [
      {
        ...{ id: 'a', hooks: new Set(hookNames), priority: 0, onError: deny, seesBlobs: false },
        health: new PluginHealth('a', silentLog()),
      },
    ],
    runner: createFakeHookRunner({ a: plugin }),
    log: silentLog(),
  });

let server: RawHttpServer;
let marking: RawHttpServer;
let gateway: OpenGateway;
beforeAll(async () => {
  server = await startRawHttpServer();
  marking = await startRawHttpServer({ bom: true });
  const { url } = server;
  gateway = await openGateway(
    [
      { id: 'raw', http: { url } },
      { id: 'two', http: { url } },
      { id: 'marking', http: { url: marking.url } },
    ],
    {
      bindings: {
        plain: { upstreams: ['raw'] },
        looks: { upstreams: ['raw'], chain: chainOf(looks), unhooked: 'pass' },
        changes: { upstreams: ['raw'], chain: chainOf(changes) },
        marked: { upstreams: ['marking'] },
        both: { upstreams: ['raw', 'two'] },
      },
    },
  );
});
beforeEach(() => {
  server.raw.answers.clear();
  shown.length = 0;
});
afterAll(async () => {
  await gateway[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
  await marking[Symbol.asyncDispose]();
});

/** Posts a text as it is, and reads the answer as text. */
async function post(binding: string, body: string): Promise<{ status: number; text: string }> {
  const session = await gateway.session(`/mcp/${binding}`);
  const response = await fetch(`${gateway.url}/mcp/${binding}`, {
    method: 'POST',
    headers: { ...mcpHeaders, ...session },
    body,
  });
  return { status: response.status, text: await response.text() };
}
const request = (method: string, params: string, id = '1') =>
  `{"jsonrpc":"2.0","id":${id},"method":"${method}","params":${params}}`;

/** The last call that the server got. */
const lastCall = () => server.bodies.findLast(body => /"method":"(tools\/call|prompts\/get)"/.test(body));

describe('numbers keep their text', () => {
  it.each(['plain', 'looks', 'changes'])('[GW-61] in arguments, with plugins: %s', async binding => {
    await post(binding, request('tools/call', `{"name":"echo","arguments":{"text":"word","data":${numbers}}}`));
    const word = binding === 'changes' ? 'WORD' : 'word';
    expect(lastCall()).toContain(`"arguments":{"text":"${word}","data":${numbers}}`);
    if (binding === 'looks') expect(shown[0]).toContain(JSON.stringify(numbers).slice(1, -1));
  });

  it.each(['plain', 'looks', 'changes'])('[GW-61] in results, with plugins: %s', async binding => {
    const structured = (word: string) => `{"text":"${word}","data":${numbers}}`;
    const result = `{"content":[{"type":"text","text":"a","n":1.0}],"structuredContent":${structured('word')},"x":1.50}`;
    server.raw.answers.set('tools/call', `"result":${result}`);
    const { text } = await post(binding, request('tools/call', '{"name":"echo"}'));
    expect(text).toContain(`"structuredContent":${structured(binding === 'changes' ? 'WORD' : 'word')}`);
    expect(text).toContain(`"n":1.0`);
    expect(text).toContain(`"x":1.50`);
    if (binding === 'looks') expect(shown[1]).toContain(JSON.stringify(numbers).slice(1, -1));
  });

  it.each(['plain', 'looks', 'changes', 'both'])('[GW-61] in lists, with plugins and upstreams: %s', async binding => {
    const schema = (word: string) => `{"title":"${word}","maximum":9223372036854775807,"default":1.0}`;
    server.raw.answers.set('tools/list', `"result":{"tools":[{"name":"a","inputSchema":${schema('word')},"x":2.50}]}`);
    const { text } = await post(binding, request('tools/list', '{}'));
    expect(text).toContain(`"inputSchema":${schema(binding === 'changes' ? 'WORD' : 'word')}`);
    expect(text).toContain('"x":2.50');
  });

  it('[GW-61] in the data of an error', async () => {
    server.raw.answers.set('tools/call', `"error":{"code":-32000.0,"message":"no","data":${numbers}}`);
    for (const binding of ['plain', 'looks']) {
      const { text } = await post(binding, request('tools/call', '{"name":"echo"}'));
      expect(text).toContain(`"data":${numbers}`);
    }
  });

  it('[GW-61] in the token of progress', async () => {
    const meta = '{"progressToken":12345678901234567890}';
    const { text } = await post('plain', request('tools/call', `{"name":"progress","_meta":${meta}}`));
    expect(text).toContain('"progressToken":12345678901234567890');
  });

  it('[GW-61] with a byte order mark before the request and before the answer', async () => {
    const said = '"result":{"content":[{"type":"text","text":"hi"}]}';
    marking.raw.answers.set('tools/call', said);
    const { text } = await post('marked', `\ufeff${request('tools/call', '{"name":"echo"}', '7')}`);
    expect(text).toBe(`{"jsonrpc":"2.0","id":7,${said}}`);
  });
});

describe('ids', () => {
  it.each(['1764460000000000', '9007199254740993', '12345678901234567890', '"12345678901234567890"', '7.0'])(
    '[GW-63] %s is echoed, by faults too, and cancels its call',
    async id => {
      expect((await post('plain', request('ping', '{}', id))).text).toBe(`{"jsonrpc":"2.0","id":${id},"result":{}}`);
      expect((await post('looks', request('tools/call', '{"name":"echo"}', id))).text).toContain(`"id":${id},`);
      expect((await post('plain', request('no/such', '{}', id))).text).toContain(`"id":${id},"error"`);

      const session = await gateway.session('/mcp/plain');
      const before = server.raw.cancelled.length;
      const running = gateway.post(request('tools/call', '{"name":"never"}', id), session, '/mcp/plain');
      await expect.poll(() => server.raw.seen.at(-1)?.params?.name).toBe('never');
      const cancel = `{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":${id}}}`;
      expect((await gateway.post(cancel, session, '/mcp/plain')).status).toBe(202);
      // A call that timed out would have been told so.
      expect((await running).body).toBe('');
      await expect.poll(() => server.raw.cancelled.length).toBe(before + 1);
    },
  );

  it.each([
    { what: 'null as params', body: request('tools/list', 'null', '2'), status: 200, id: 2, code: 'params_invalid' },
    {
      what: 'a list as params',
      body: request('tools/list', '[]', '"a"'),
      status: 200,
      id: 'a',
      code: 'params_invalid',
    },
    { what: 'a fraction as id', body: request('ping', '{}', '1.5'), status: 400, id: 1.5, code: 'message_invalid' },
    {
      what: 'a method that is none',
      body: '{"jsonrpc":"2.0","id":3,"method":4}',
      status: 400,
      id: 3,
      code: 'message_invalid',
    },
    {
      what: 'more values than allowed',
      body: request('ping', `{"a":[${'1,'.repeat(100_000)}1]}`, '4'),
      status: 400,
      id: 4,
      code: 'json_excessive',
    },
    {
      what: 'deeper nesting than allowed',
      body: request('ping', `{"a":${'['.repeat(9999)}`, '5'),
      status: 400,
      id: 5,
      code: 'json_excessive',
    },
    {
      what: 'twins',
      body: request('tools/call', '{"name":"echo","Name":"odd"}', '6'),
      status: 200,
      id: 6,
      code: 'params_invalid',
    },
    { what: 'no JSON', body: '{"id":7', status: 400, id: null, code: 'json_malformed' },
    {
      what: 'a notification with null as params',
      body: '{"jsonrpc":"2.0","method":"notifications/initialized","params":null}',
      status: 400,
      id: undefined,
      code: 'message_invalid',
    },
  ])('[GW-63] a refusal echoes what could be read of the id: $what', async ({ body, status, id, code }) => {
    const answer = await post('plain', body);
    expect(answer.status).toBe(status);
    const { id: echoed, error } = JSON.parse(answer.text);
    expect([echoed, error.data.code]).toEqual([id, code]);
  });
});

describe('a body of 100 kB without a session', () => {
  const body = `{"jsonrpc":"2.0","id":12345678901234567890,"method":"ping","params":{"a":"${'x'.repeat(100_000)}"`;
  it.each([
    { what: 'none', headers: {}, status: 400, code: 'session_missing' },
    { what: 'one that is unknown', headers: { 'mcp-session-id': 'made-up' }, status: 404, code: 'session_unknown' },
  ])('[GW-62] is refused before its JSON is read: $what', async ({ headers, status, code }) => {
    const answer = await gateway.post(body, headers, '/mcp/plain');
    expect(answer.status).toBe(status);
    expect(answer.body.error.data.code).toBe(code);
  });

  it('[GW-63] is told so under its id', async () => {
    const response = await fetch(`${gateway.url}/mcp/plain`, {
      method: 'POST',
      headers: mcpHeaders,
      body: `${body}}}`,
    });
    expect(await response.text()).toContain('"id":12345678901234567890,"error"');
  });
});

describe('an answer with two readings', () => {
  const honest = '"content":[{"type":"text","text":"shown"}]';
  it.each([
    { what: 'text twice', said: '"result":{"content":[{"type":"text","text":"hidden","text":"shown"}]}' },
    { what: 'content twice', said: `"result":{"content":[{"type":"text","text":"hidden"}],${honest}}` },
    { what: 'a result twice', said: `"result":{"content":[{"type":"text","text":"hidden"}]},"result":{${honest}}` },
    { what: 'Text', said: '"result":{"content":[{"type":"text","text":"shown","Text":"hidden"}]}' },
    { what: 'Content', said: `"result":{${honest},"Content":[{"type":"text","text":"hidden"}]}` },
    { what: 'Result', said: `"result":{${honest}},"Result":{"content":[{"type":"text","text":"hidden"}]}` },
  ])('[GW-65] says what plugins were shown: $what', async ({ said }) => {
    server.raw.answers.set('tools/call', said);
    const { text } = await post('looks', request('tools/call', '{"name":"echo"}'));
    expect(text).toBe(`{"jsonrpc":"2.0","id":1,"result":{${honest}}}`);
    expect(shown.join()).not.toContain('hidden');
  });

  it.each(['plain', 'looks'])(
    '[GW-65] is refused when it has a result and an error, with plugins: %s',
    async binding => {
      server.raw.answers.set('tools/call', `"result":{${honest}},"error":{"code":1,"message":"hidden"}`);
      const { text } = await post(binding, request('tools/call', '{"name":"echo"}'));
      expect(JSON.parse(text).error.data.code).toBe('upstream_garbage');
      expect(text).not.toContain('hidden');
    },
  );

  it('[GW-65] that is an error says no more than that', async () => {
    server.raw.answers.set('tools/call', '"error":{"code":1,"message":"no"},"Result":{"content":"hidden"}');
    const { text } = await post('looks', request('tools/call', '{"name":"echo"}'));
    expect(text).toBe('{"jsonrpc":"2.0","id":1,"error":{"code":1,"message":"no"}}');
  });
});

it.each(['tools/call', 'prompts/get'])('[GW-66] null as arguments of %s is none to a plugin', async method => {
  const { text } = await post('looks', request(method, '{"name":"echo","arguments":null}'));
  expect(JSON.parse(text)).toHaveProperty('result');
  expect(shown[0]).toContain('"arguments":"{}"');
  expect(lastCall()).toContain('"arguments":null');
});
