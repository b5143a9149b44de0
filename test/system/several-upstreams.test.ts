import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text as readText } from 'node:stream/consumers';
import { describe, expect, it, vi } from 'vitest';
import type { HookChain } from '../../host/src/hook/hook-chain.ts';
import { inlineChain } from '../fixtures/inline-chain.ts';
import { keep, type WhenFinished } from '../fixtures/keep.ts';
import { call, type OpenGateway, openGateway, rpc } from '../fixtures/open-gateway.ts';

type Params = { readonly name?: string; readonly uri?: string };
type Answer = object | 'silence' | undefined | Promise<object>;

/** An MCP server without sessions and without a stream of its own, which can be changed while it runs. */
interface Plain extends AsyncDisposable {
  readonly url: string;
  /** The methods and uris that it was asked for. */
  readonly asked: string[];
  /** Answers by method: a result, `silence`, or nothing where there is no such method. */
  serves: Readonly<Record<string, (params: Params) => Answer>>;
}

/** How long upstreams are waited for, in milliseconds: longer than the answers of the others take on a busy machine. */
const listMs = 10_000;

const capabilities = { tools: { listChanged: true }, resources: { listChanged: true }, completions: {} };

async function startPlain(serves: Plain['serves']): Promise<Plain> {
  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    if (request.method !== 'POST') return response.writeHead(405).end();
    const { id, method, params } = JSON.parse(await readText(request));
    if (id === undefined) return response.writeHead(202).end();
    plain.asked.push(params?.uri === undefined ? method : `${method} ${params.uri}`);
    const { protocolVersion } = params ?? {};
    const initialized = { protocolVersion, capabilities, serverInfo: { name: 'plain', version: '1' } };
    const answer = method === 'initialize' ? initialized : await plain.serves[method]?.(params);
    if (answer === 'silence') return;
    const said = answer === undefined ? { error: { code: -32601, message: 'Method not found' } } : wrapped(answer);
    response.writeHead(200, { 'content-type': 'application/json' });
    return response.end(JSON.stringify({ jsonrpc: '2.0', id, ...said }));
  };
  const server = createServer(answer);
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const plain: Plain = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`,
    asked: [],
    serves,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise(resolve => server.close(resolve));
    },
  };
  return plain;
}

const wrapped = (answer: object) => ('code' in answer ? { error: answer } : { result: answer });
const notFound = { code: -32002, message: 'Resource not found' };
const text = (value: string) => ({ content: [{ type: 'text', text: value }] });

/** A server with these resources, each read as `NAME has URI`, and one tool that hands out the links. */
const withResources = (name: string, uris: readonly string[], links: readonly string[] = []): Plain['serves'] => ({
  'tools/list': () => ({ tools: [{ name: 'link', inputSchema: { type: 'object' } }] }),
  'tools/call': () => ({ content: links.map(uri => ({ type: 'resource_link', uri, name: uri })) }),
  'resources/list': () => ({ resources: uris.map(uri => ({ uri, name: `${name} ${uri}` })) }),
  'resources/read': ({ uri = '' }) =>
    [...uris, ...links].includes(uri) ? { contents: [{ uri, text: `${name} has ${uri}` }] } : notFound,
});

interface OpenOptions {
  readonly chain?: HookChain;
  readonly whenFinished?: WhenFinished;
}

async function open(plain: Readonly<Record<string, Plain>>, { chain, whenFinished }: OpenOptions = {}) {
  const entries = Object.entries(plain).map(([id, { url }]) => ({ id, http: { url } }));
  const bindings = { main: { upstreams: Object.keys(plain), ...(chain && { chain }) } };
  const gateway = await keep(openGateway(entries, { limits: { list_ms: listMs }, bindings }), whenFinished);
  return { gateway, session: await gateway.session() };
}

const ask = async (gateway: OpenGateway, session: Record<string, string>, method: string, params: object = {}) => {
  const began = performance.now();
  const { body } = await gateway.post(rpc(method, params), session);
  // An answer that takes long comes in an event stream.
  const answer = typeof body === 'string' ? JSON.parse(/^data: (.*)$/m.exec(body)?.[1] ?? '') : body;
  return { ...answer, ms: performance.now() - began };
};
/** Opens the stream of a session, and returns the lists that it reported as changed so far. */
async function listen({ url }: OpenGateway, session: Record<string, string>): Promise<() => string[]> {
  const { body } = await fetch(`${url}/mcp`, { headers: { ...session, accept: 'text/event-stream' } });
  let read = '';
  const collect = async () => {
    for await (const part of body?.pipeThrough(new TextDecoderStream()) ?? []) read += part;
  };
  // It ends when the gateway closes.
  collect().catch(() => {});
  return () => Array.from(read.matchAll(/notifications\/(\w+)\/list_changed/g), ([, list = '']) => list);
}

const textOf = ({
  result,
  error,
}: {
  result?: { contents: { text: string }[] };
  error?: { data?: { code?: string } };
}) => result?.contents[0]?.text ?? error;

// They wait for the limit beside each other.
describe.concurrent('an upstream of several that answers nothing', () => {
  it('is waited for once, for as long as the setting says, and left out [GW-27]', async ({
    onTestFinished: whenFinished,
  }) => {
    const up = await keep(
      startPlain({ 'tools/list': () => 'silence', 'resources/list': () => 'silence' }),
      whenFinished,
    );
    const two = await keep(startPlain(withResources('two', ['two:1'])), whenFinished);
    const { gateway, session } = await open({ up, two }, { whenFinished });
    const first = await ask(gateway, session, 'tools/list');
    expect(first.result.tools).toMatchObject([{ name: 'two__link' }]);
    expect(first.ms).toBeGreaterThan(listMs * 0.9);
    const again = await ask(gateway, session, 'tools/list');
    expect(again.result.tools).toMatchObject([{ name: 'two__link' }]);
    expect(again.ms).toBeLessThan(listMs);
    expect(up.asked.filter(method => method === 'tools/list')).toHaveLength(1);
  });

  it('does not hold up what another one lists, nor initialize', async ({ onTestFinished: whenFinished }) => {
    const up = await keep(
      startPlain({ 'resources/list': () => 'silence', 'resources/templates/list': () => 'silence' }),
      whenFinished,
    );
    const two = await keep(startPlain(withResources('two', ['two:1'])), whenFinished);
    const { gateway, session } = await open({ up, two }, { whenFinished });
    const read = await ask(gateway, session, 'resources/read', { uri: 'two:1' });
    expect([textOf(read), up.asked.includes('resources/read two:1')]).toEqual(['two has two:1', false]);
    expect(read.ms).toBeLessThan(listMs);
    const nowhere = await ask(gateway, session, 'resources/read', { uri: 'two:2' });
    expect(nowhere.error).toMatchObject({ code: -32011, data: { code: 'upstream_timeout', upstream: 'up' } });
    const began = performance.now();
    await gateway.session();
    expect(performance.now() - began).toBeLessThan(listMs);
  });

  it('is in the list with what it listed last', async ({ onTestFinished: whenFinished }) => {
    const up = await keep(startPlain(withResources('up', ['up:1'])), whenFinished);
    const two = await keep(startPlain(withResources('two', ['two:1'])), whenFinished);
    const { gateway, session } = await open({ up, two }, { whenFinished });
    await ask(gateway, session, 'resources/list');
    up.serves = { 'resources/list': () => 'silence' };
    const { result } = await ask(gateway, session, 'resources/list');
    expect(result.resources).toMatchObject([{ uri: 'up:1' }, { uri: 'two:1' }]);
    expect(gateway.warnings).toMatchObject([
      { upstream: 'up', msg: expect.stringContaining('using the last known list') },
    ]);
  });

  it('is told to clients that listen when its list comes after all, unless that is what they have [GW-34]', async ({
    onTestFinished: whenFinished,
  }) => {
    const { promise, resolve } = Promise.withResolvers<object>();
    const up = await keep(startPlain({ ...withResources('up', ['up:1']), 'tools/list': () => promise }), whenFinished);
    const two = await keep(startPlain(withResources('two', ['two:1'])), whenFinished);
    const { gateway, session } = await open({ up, two }, { whenFinished });
    const changed = await listen(gateway, session);
    await ask(gateway, session, 'resources/list');
    const late = Promise.withResolvers<object>();
    up.serves = { ...up.serves, 'resources/list': () => late.promise };
    await ask(gateway, session, 'resources/list');
    late.resolve({ resources: [{ uri: 'up:1', name: 'up up:1' }] });
    expect((await ask(gateway, session, 'tools/list')).result.tools).toHaveLength(1);
    resolve({ tools: [{ name: 'late' }] });
    await vi.waitUntil(() => changed().length > 0, { timeout: 120_000 });
    expect(changed()).toEqual(['tools']);
    expect((await ask(gateway, session, 'tools/list')).result.tools).toHaveLength(2);
  });

  it('is told to the operator: one line, which names upstream and limit, a number, and /readyz [GW-28]', async ({
    onTestFinished: whenFinished,
  }) => {
    const up = await keep(startPlain({ 'tools/list': () => 'silence' }), whenFinished);
    const two = await keep(startPlain(withResources('two', [])), whenFinished);
    const { gateway, session } = await open({ up, two }, { whenFinished });
    for (let times = 0; times < 3; times += 1) await ask(gateway, session, 'tools/list');
    expect(gateway.warnings).toMatchObject([
      {
        ...{
          level: 40,
          msg: 'leaving out an upstream',
          binding: 'main',
          upstream: 'up',
          method: 'tools/list',
        },
        ...{ code: 'upstream_timeout', setting: 'limits.list_ms', after_ms: listMs },
      },
    ]);
    const metrics = await (await fetch(`${gateway.url}/metrics`)).text();
    const readyz = async (path: string, headers = {}) => (await fetch(`${gateway.url}${path}`, { headers })).json();
    expect(await readyz('/readyz?verbose')).toEqual({
      ...{ ok: true, draining: false, shadow_dropped: [] },
      upstreams: [
        { id: 'up', required: true, reachable: true },
        { id: 'two', required: true, reachable: true },
      ],
      plugins: [],
      missing: [
        {
          ...{ binding: 'main', upstream: 'up', method: 'tools/list', code: 'upstream_timeout' },
          since: expect.stringMatching(/^\d{4}-.*Z$/),
        },
      ],
    });
    expect(await readyz('/readyz')).toEqual({ ok: true });
    expect(await readyz('/readyz?verbose', { 'x-forwarded-for': '192.0.2.1' })).toEqual({ ok: true });
    const labels = 'binding="main",upstream="up",method="tools/list",code="upstream_timeout"';
    expect(metrics).toContain(`sallyport_lists_incomplete_total{${labels}} 3`);
  });
});

describe('what an upstream without a stream changed', () => {
  it('is read, also before it was listed again [GW-29]', async () => {
    const up = await keep(startPlain(withResources('up', ['doc:1'])));
    const two = await keep(startPlain(withResources('two', ['doc:0'])));
    const { gateway, session } = await open({ up, two });
    expect(textOf(await ask(gateway, session, 'resources/read', { uri: 'doc:1' }))).toBe('up has doc:1');
    up.serves = withResources('up', ['doc:2']);
    two.serves = withResources('two', ['doc:1']);
    expect(textOf(await ask(gateway, session, 'resources/read', { uri: 'doc:2' }))).toBe('up has doc:2');
    // It moved, and is asked for where it is now.
    expect(textOf(await ask(gateway, session, 'resources/read', { uri: 'doc:1' }))).toBe('two has doc:1');
  });

  it.each([{ upstreams: ['up'] }, { upstreams: ['up', 'two'] }])(
    'is what a changed result is held to, behind $upstreams [GW-29]',
    async ({ upstreams }) => {
      const versions = (required: string): Plain['serves'] => ({
        'tools/list': () => ({ tools: [{ name: 't', outputSchema: { type: 'object', required: [required] } }] }),
        'tools/call': () => ({ content: [], structuredContent: { [required]: 1 } }),
      });
      const up = await keep(startPlain(versions('a')));
      const two = await keep(startPlain(withResources('two', [])));
      const seen: unknown[] = [];
      const chain = inlineChain({}, { 'tools/call': (_, options) => void seen.push(options?.outputSchema) });
      const { gateway, session } = await open(upstreams.length === 1 ? { up } : { up, two }, { chain });
      const name = upstreams.length === 1 ? 't' : 'up__t';
      const schemas = async () => {
        await gateway.post(call(name), session);
        const lookup = seen.at(-1) as (again: boolean) => Promise<unknown>;
        return [await lookup(false), await lookup(true)];
      };
      const schema = (required: string) => ({ type: 'object', required: [required] });
      expect(await schemas()).toEqual([schema('a'), schema('a')]);
      up.serves = versions('b');
      expect(await schemas()).toEqual([schema('a'), schema('b')]);
      up.serves = versions('c');
      await ask(gateway, session, 'tools/list');
      expect((await schemas())[0]).toEqual(schema('c'));
    },
  );
});

describe('a resource that no list names', () => {
  it('is read from the upstream whose tool handed it out, and from no other [GW-30]', async () => {
    const up = await keep(startPlain(withResources('up', ['other:1'])));
    const two = await keep(startPlain(withResources('two', [], ['report:7f3a'])));
    const { gateway, session } = await open({ up, two });
    await gateway.post(call('two__link'), session);
    const read = await ask(gateway, session, 'resources/read', { uri: 'report:7f3a' });
    expect([textOf(read), up.asked.includes('resources/read report:7f3a')]).toEqual(['two has report:7f3a', false]);
  });

  it('is read from the upstream that handed it out also where a template of another one matches it', async () => {
    const up = await keep(
      startPlain({
        ...withResources('up', []),
        'resources/templates/list': () => ({ resourceTemplates: [{ uriTemplate: 'report:{id}' }] }),
      }),
    );
    const two = await keep(startPlain(withResources('two', [], ['report:7f3a'])));
    const { gateway, session } = await open({ up, two });
    await gateway.post(call('two__link'), session);
    expect(textOf(await ask(gateway, session, 'resources/read', { uri: 'report:7f3a' }))).toBe('two has report:7f3a');
    up.serves = { ...up.serves, ...withResources('up', [], ['report:7f3a']) };
    expect(textOf(await ask(gateway, session, 'resources/read', { uri: 'report:7f3a' }))).toBe('up has report:7f3a');
  });

  it('is asked for everywhere where nobody handed it out [GW-30]', async () => {
    const up = await keep(startPlain(withResources('up', [])));
    const two = await keep(startPlain(withResources('two', [], ['report:7f3a'])));
    const { gateway, session } = await open({ up, two });
    expect(textOf(await ask(gateway, session, 'resources/read', { uri: 'report:7f3a' }))).toBe('two has report:7f3a');
    const nowhere = await ask(gateway, session, 'resources/read', { uri: 'report:0' });
    expect(nowhere.error).toMatchObject({ code: -32002, data: { code: 'resource_unknown' } });
    const failing = { code: -32603, message: 'the disk is full' };
    two.serves = { ...two.serves, 'resources/read': () => failing };
    expect((await ask(gateway, session, 'resources/read', { uri: 'report:0' })).error).toEqual(failing);
  });

  it('passes the plugins of the binding for each upstream that is asked', async () => {
    const up = await keep(startPlain(withResources('up', [], ['secret:1'])));
    const two = await keep(startPlain(withResources('two', [], ['secret:1'])));
    const data = { plugin: 'inline', code: 'NO', reason: 'No.', description: 'Not today.' };
    const chain = inlineChain({
      'resources/read': (_, __, { upstream }) => (upstream === 'up' ? { kind: 'block', data } : undefined),
    });
    const { gateway, session } = await open({ up, two }, { chain });
    expect(textOf(await ask(gateway, session, 'resources/read', { uri: 'secret:1' }))).toBe('two has secret:1');
    expect(up.asked).not.toContain('resources/read secret:1');
    const { error } = await ask(gateway, session, 'resources/read', { uri: 'secret:2' });
    expect(error).toMatchObject({ code: -32001, data });
  });
});

describe('a uri of two upstreams', () => {
  it('is listed once, with the one that is read, and told [GW-31]', async () => {
    const up = await keep(startPlain(withResources('up', ['file:///same', 'file:///up'])));
    const two = await keep(startPlain(withResources('two', ['file:///same', 'file:///two'])));
    const { gateway, session } = await open({ up, two });
    const { result } = await ask(gateway, session, 'resources/list');
    await ask(gateway, session, 'resources/list');
    expect(result.resources.map(({ name }: { name: string }) => name)).toEqual([
      'up file:///same',
      'up file:///up',
      'two file:///two',
    ]);
    expect(textOf(await ask(gateway, session, 'resources/read', { uri: 'file:///same' }))).toBe('up has file:///same');
    expect(gateway.warnings).toMatchObject([
      { level: 40, binding: 'main', method: 'resources/list', upstreams: ['up', 'two'], uris: ['file:///same'] },
    ]);
  });

  it('is read from the one that handed it out last, until it is listed again', async () => {
    const up = await keep(startPlain(withResources('up', ['same:1'])));
    const two = await keep(startPlain(withResources('two', ['same:1'], ['same:1'])));
    const { gateway, session } = await open({ up, two });
    const read = async () => textOf(await ask(gateway, session, 'resources/read', { uri: 'same:1' }));
    expect(await read()).toBe('up has same:1');
    await gateway.post(call('two__link'), session);
    expect(await read()).toBe('two has same:1');
    await ask(gateway, session, 'resources/list');
    expect(await read()).toBe('up has same:1');
  });

  it('cannot be claimed by an upstream that hands it out and does not list it [GW-31]', async () => {
    const up = await keep(startPlain(withResources('up', ['mine:1'])));
    const two = await keep(startPlain(withResources('two', [], ['mine:1'])));
    const { gateway, session } = await open({ up, two });
    await gateway.post(call('two__link'), session);
    expect(textOf(await ask(gateway, session, 'resources/read', { uri: 'mine:1' }))).toBe('up has mine:1');
  });

  it('is read from the upstream whose tool is shown with that page', async () => {
    const app = (name: string): Plain['serves'] => ({
      ...withResources(name, [], ['ui://app']),
      'tools/list': () => ({ tools: [{ name: 'show', _meta: { ui: { resourceUri: 'ui://app' } } }] }),
      'tools/call': () => text('shown'),
    });
    const up = await keep(startPlain(app('up')));
    const two = await keep(startPlain(app('two')));
    const { gateway, session } = await open({ up, two });
    await ask(gateway, session, 'tools/list');
    const page = async () => textOf(await ask(gateway, session, 'resources/read', { uri: 'ui://app' }));
    expect(await page()).toBe('up has ui://app');
    await gateway.post(call('two__show'), session);
    expect(await page()).toBe('two has ui://app');
    await gateway.post(call('up__show'), session);
    expect(await page()).toBe('up has ui://app');
  });
});

it('tells names that are too long behind their prefix, each once [GW-32]', async () => {
  const names = ['short', 'n'.repeat(63), 'm'.repeat(130)];
  const up = await keep(startPlain({ 'tools/list': () => ({ tools: names.map(name => ({ name })) }) }));
  const two = await keep(startPlain(withResources('two', [])));
  const { gateway, session } = await open({ up, two });
  await ask(gateway, session, 'tools/list');
  await ask(gateway, session, 'tools/list');
  expect(gateway.warnings).toMatchObject([
    { limit: 128, names: [`up__${names[2]}`] },
    { limit: 64, names: [`up__${names[1]}`] },
  ]);
  expect((await gateway.post(call(`up__${names[2]}`), session)).body.error.code).toBe(-32601);
});

it('refuses a cursor that it did not give [GW-33]', async () => {
  const two = await keep(startPlain(withResources('two', [])));
  const up = await keep(startPlain(withResources('up', [])));
  const { gateway, session } = await open({ up, two });
  const { error } = await ask(gateway, session, 'tools/list', { cursor: 'mine' });
  expect(error).toMatchObject({ code: -32602, data: { code: 'params_invalid' } });
});
