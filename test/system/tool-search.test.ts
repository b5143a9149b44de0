import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startEverything } from '../fixtures/everything.ts';
import { jsGuest } from '../fixtures/guest.ts';
import { guestDescriptor } from '../fixtures/guest-descriptor.ts';
import { call, initialize, mcpHeaders, type Posted, rpc } from '../fixtures/open-gateway.ts';
import { openHost } from '../fixtures/open-host.ts';

/** Denies `get-env`, and everything that is called with a forbidden message. */
const policyScript = `
const decide = (_, { val: { name, arguments: text } }) =>
  name === 'get-env' || text.includes('forbidden')
    ? { tag: 'deny', val: { code: 'NOT_HERE', reason: 'No.', description: name } }
    : { tag: 'allow' };
export const lifecycle = { configure() {} };
export const policyCheck = { decide, decideMany: (context, requests) => requests.map(each => decide(context, each)) };`;

/** Hides words in results, and a tool of the list. */
const transformScript = `
export const lifecycle = { configure() {} };
export const dispatchHooks = {
  beforeDispatch: () => ({ tag: 'proceed' }),
  afterDispatch(context, response) {
    if (response.tag === 'tool-list') {
      return { tag: 'modified', val: { ...response, val: response.val.filter(({ name }) => name !== 'get-tiny-image') } };
    }
    const content = response.val.content.map(block =>
      block.tag === 'text' ? { tag: 'text', val: block.val.replace('password', '[hidden]') } : block,
    );
    return { tag: 'modified', val: { ...response, val: { ...response.val, content } } };
  },
};`;

type Opened = Awaited<ReturnType<typeof openHost>>;
let everything: Awaited<ReturnType<typeof startEverything>>;
let opened: Opened;
beforeAll(async () => {
  everything = await startEverything();
  const policy = await jsGuest(guestDescriptor('guard', { kind: 'policy', hooks: [] }), policyScript);
  const transform = await jsGuest(
    guestDescriptor('hide', { hooks: ['tool_post_invoke', 'tool_list'] }),
    transformScript,
  );
  const plugins = [
    { id: 'guard', bytes: policy },
    { id: 'hide', bytes: transform },
  ];
  const guarded = {
    upstreams: ['upstream'],
    transforms: ['hide'],
    policies: ['guard'],
    allow: [{ tools: ['e*', 'g*'] }],
  };
  opened = await openHost(plugins, everything.url, {
    bindings: [
      { id: 'main', ...guarded, tool_search: { results: 3 } },
      { id: 'listing', ...guarded },
      { id: 'plain', upstreams: ['upstream'], tool_search: true },
    ],
  });
});
afterAll(async () => {
  await opened?.[Symbol.asyncDispose]();
  await everything?.[Symbol.asyncDispose]();
});

async function connect(binding: string): Promise<Client> {
  const client = new Client({ name: 'test', version: '1.0.0' });
  await client.connect(new StreamableHTTPClientTransport(new URL(`${opened.url}/mcp/${binding}`)));
  return client;
}

const textOf = (result: unknown) => (result as { content: { text: string }[] }).content[0]?.text ?? '';

const search = async (client: Client, query: string, limit?: number) => {
  const { tools } = JSON.parse(textOf(await client.callTool({ name: 'search_tools', arguments: { query, limit } })));
  return (tools as { name: string }[]).map(({ name }) => name);
};

const callTool = (client: Client, name: string, args: object) =>
  client.callTool({ name: 'call_tool', arguments: { name, arguments: args } });

const linesOf = (tool: string) => opened.lines.filter(({ msg, name }) => msg === 'request' && name === tool);

describe('a binding with tool_search', () => {
  it('[GW-180] lets a client find, describe and call a tool', async () => {
    const client = await connect('plain');
    expect((await client.listTools()).tools.map(({ name }) => name)).toEqual([
      ...['search_tools', 'describe_tool', 'call_tool'],
    ]);
    expect((await search(client, 'add two numbers'))[0]).toBe('get-sum');
    const described = JSON.parse(
      textOf(await client.callTool({ name: 'describe_tool', arguments: { name: 'get-sum' } })),
    );
    expect(Object.keys(described.inputSchema.properties)).toEqual(['a', 'b']);
    expect(textOf(await callTool(client, 'get-sum', { a: 2, b: 40 }))).toContain('42');
    await client.close();
  });

  it('[GW-182] shows exactly what rules, policies and hooks leave of the list', async () => {
    const [listing, searching] = [await connect('listing'), await connect('main')];
    const listed = (await listing.listTools()).tools.map(({ name }) => name);
    expect(listed).not.toContain('get-env');
    expect(listed).toContain('echo');
    expect(await search(searching, '', 50)).toEqual(listed);
    for (const hidden of ['get-env', 'get-tiny-image', 'trigger-long-running-operation']) {
      expect(await search(searching, hidden, 50)).not.toContain(hidden);
    }
    await Promise.all([listing.close(), searching.close()]);
  });

  it('[GW-181] sends a call through rules, policies and hooks under the name of the tool', async () => {
    const client = await connect('main');
    expect(textOf(await callTool(client, 'echo', { message: 'my password' }))).toContain('my [hidden]');
    expect(linesOf('echo').at(-1)).toMatchObject({
      ...{ method: 'tools/call', upstream: 'upstream', access: { decision: 'allow', rule: 0 } },
      plugins: [
        { plugin: 'guard', hook: 'policy_decide', outcome: 'proceed' },
        { plugin: 'hide', hook: 'tool_post_invoke', outcome: 'modified' },
      ],
    });
    for (const [name, args, code] of [
      ['get-env', {}, 'NOT_HERE'],
      ['echo', { message: 'forbidden' }, 'NOT_HERE'],
    ] as const) {
      await expect(callTool(client, name, args)).rejects.toMatchObject({ data: { code } });
    }
    await expect(callTool(client, 'trigger-long-running-operation', {})).rejects.toThrow('access_denied');
    await client.close();
  });

  it('[GW-181] passes on the progress of a call, and its cancellation', async () => {
    const client = await connect('plain');
    const slow = { name: 'trigger-long-running-operation', arguments: { duration: 1, steps: 2 } };
    const progress: number[] = [];
    const onprogress = (each: { progress: number }) => void progress.push(each.progress);
    await client.callTool({ name: 'call_tool', arguments: slow }, { onprogress });
    expect(progress).toEqual([1, 2]);
    const controller = new AbortController();
    const long = { ...slow, arguments: { duration: 60, steps: 600 } };
    const cancelled = client.callTool(
      { name: 'call_tool', arguments: long },
      { signal: controller.signal, onprogress: () => controller.abort('enough') },
    );
    await expect(cancelled).rejects.toThrow('enough');
    // A call of a minute has ended.
    await expect.poll(() => linesOf(slow.name)).toHaveLength(2);
    await client.close();
  });

  it.each(['2024-11-05', '2025-03-26', '2025-06-18', '2025-11-25'])('[GW-180] serves clients of %s', async version => {
    const post = async (message: object, headers = {}) => {
      const response = await fetch(`${opened.url}/mcp/plain`, {
        ...{ method: 'POST', headers: { ...mcpHeaders, ...headers }, body: JSON.stringify(message) },
      });
      return { headers: response.headers, body: (await response.json()) as Posted['body'] };
    };
    const { headers, body } = await post(initialize(version));
    expect(body.result.protocolVersion).toBe(version);
    const session = { 'mcp-session-id': String(headers.get('mcp-session-id')), 'mcp-protocol-version': version };
    expect((await post(rpc('tools/list'), session)).body.result.tools).toHaveLength(3);
    const inner = call('call_tool', { name: 'echo', arguments: { message: 'hi' } });
    expect(textOf((await post(inner, session)).body.result)).toContain('hi');
  });
});
