import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort, startEverything } from '../fixtures/everything.ts';
import { jsGuest } from '../fixtures/guest.ts';
import { guestDescriptor } from '../fixtures/guest-descriptor.ts';
import { openHonestLoad } from '../fixtures/honest-load.ts';
import { openHost } from '../fixtures/open-host.ts';
import { startRawHttpServer } from '../fixtures/raw-http-server.ts';

/** Makes the calls that stand in `calls` of the arguments, and blocks with what they came to. Logs its request id. */
const caller = `
import { call } from 'sallyport:plugin/tool-call@0.1.0';
const attempt = ([name, args]) => {
  try { return call(name, typeof args === 'string' ? args : JSON.stringify(args ?? {})); }
  catch (error) { return { error: error.payload ?? String(error) }; }
};
export const lifecycle = { configure() {} };
export const dispatchHooks = {
  beforeDispatch(context, request) {
    console.log('served ' + context.requestId);
    const { calls } = JSON.parse(request.val.arguments);
    if (calls === undefined) return { tag: 'proceed' };
    return { tag: 'block', val: { code: 'SAID', reason: JSON.stringify(calls.map(attempt)), description: '' } };
  },
  afterDispatch: () => ({ tag: 'proceed' }),
};`;

/** Makes a call another tool's where its arguments say `rename`, and blocks it where they say `stop`. */
const meddler = `
export const lifecycle = { configure() {} };
export const dispatchHooks = {
  beforeDispatch(_, { val: { arguments: text } }) {
    const { rename, stop } = JSON.parse(text);
    if (stop) return { tag: 'block', val: { code: 'STOP', reason: 'No.', description: 'Never.', details: '{"n":1}' } };
    return rename ? { tag: 'modified', val: { tag: 'tool-call', val: { name: rename, arguments: '{}' } } } : { tag: 'proceed' };
  },
  afterDispatch: () => ({ tag: 'proceed' }),
};`;

/** Calls another tool for each tool that its config names, again and again, until it is stopped. */
const chaser = `
import { call } from 'sallyport:plugin/tool-call@0.1.0';
let next = {};
export const lifecycle = { configure(text) { next = JSON.parse(text).next; } };
export const dispatchHooks = {
  beforeDispatch(_, { val: { name, arguments: text } }) {
    while (next[name] !== undefined) try { call(next[name], text); } catch {}
    return { tag: 'proceed' };
  },
  afterDispatch: () => ({ tag: 'proceed' }),
};`;

type Called = readonly [name: string, args?: unknown];

describe('tool_call', () => {
  const opened = new AsyncDisposableStack();
  let gateway: Awaited<ReturnType<typeof openHost>>;
  let raw: Awaited<ReturnType<typeof startRawHttpServer>>;
  const clients = new Map<string, Client>();

  beforeAll(async () => {
    const everything = opened.use(await startEverything());
    raw = opened.use(await startRawHttpServer({ name: 'raw' }));
    const asks = { required_capabilities: ['tool_call'] };
    const source = await readFile(
      join(import.meta.dirname, '../../plugins-examples/redact-emails/redact-emails.js'),
      'utf8',
    );
    const calling = async (id: string, tool_call: object, timeout_ms = 30_000, script = caller, config = {}) => ({
      ...{ id, bytes: await jsGuest(guestDescriptor(id, asks), script), config },
      ...{ grants: { tool_call }, limits: { timeout_ms }, breaker: { failures: 1_000_000 } },
    });
    const quiet = async (id: string, script: string, fields = {}) => ({
      ...{ id, bytes: await jsGuest(guestDescriptor(id, fields), script) },
      limits: { timeout_ms: 30_000 },
    });
    const upstream = (id: string, url: string) => ({ id, http: { url }, required: false });
    const binding = (id: string, upstreams: string[], transforms: string[]) => ({ id, upstreams, transforms });
    const tools = [
      'echo',
      'get-sum',
      'get-t*',
      'never',
      'die',
      'huge',
      'raw__echo',
      'nowhere__*',
      'down__*',
      'cancelled',
    ];
    const any = { tools: [{ name: '*', any_tool: true }], max_depth: 8, max_calls: 100 };
    gateway = opened.use(
      await openHost(
        [
          await calling('caller', { tools, max_calls: 40, max_bytes: 5000, timeout_ms: 20_000 }),
          await calling('hasty', { tools, max_calls: 40, timeout_ms: 400 }, 6000),
          await calling('deep', { ...any, max_depth: 2, max_calls: 3, timeout_ms: 20_000 }, 20_000),
          await calling('ping', any, 300, chaser, { next: { echo: 'odd', log: 'log' } }),
          await calling('pong', any, 300, chaser, { next: { odd: 'echo' } }),
          await quiet('meddler', meddler),
          await quiet('redact', source, { hooks: ['tool_post_invoke'] }),
        ],
        everything.url,
        {
          limits: { lanes: 2 },
          upstreams: [
            upstream('everything', everything.url),
            upstream('raw', raw.url),
            upstream('down', `http://127.0.0.1:${await freePort()}/mcp`),
          ],
          bindings: [
            binding('main', ['everything'], ['caller', 'meddler', 'redact']),
            binding('both', ['everything', 'raw', 'down'], ['caller', 'redact']),
            binding('raw', ['raw'], ['caller']),
            binding('hasty', ['raw'], ['hasty']),
            binding('deep', ['everything'], ['deep']),
            binding('ring', ['raw'], ['ping', 'pong']),
            binding('honest', ['raw'], ['redact']),
          ],
        },
      ),
    );
    for (const id of ['main', 'both', 'raw', 'hasty', 'deep', 'ring']) {
      const client = new Client({ name: 'test', version: '1.0.0' });
      await client.connect(new StreamableHTTPClientTransport(new URL(`${gateway.url}/mcp/${id}`)));
      opened.defer(() => client.close());
      clients.set(id, client);
    }
  });
  afterAll(() => opened.disposeAsync());

  /** The answer of a client's call, or the data of its error. */
  async function ask(binding: string, name: string, args: Record<string, unknown>, signal?: AbortSignal) {
    try {
      return await clients.get(binding)?.callTool({ name, arguments: args }, signal === undefined ? {} : { signal });
    } catch (error) {
      return (error as { data?: Record<string, unknown> }).data ?? String(error);
    }
  }

  /** What the calls of the first plugin that is called came to. */
  async function said(binding: string, calls: readonly Called[], name = 'echo') {
    const data = await ask(binding, name, { message: 'outer', calls });
    const { reason } = data as { reason: string };
    return JSON.parse(reason) as Record<string, unknown>[];
  }

  const refusals = async (plugin: string) => {
    const text = await (await fetch(`${gateway.url}/metrics`)).text();
    const line = new RegExp(
      `^sallyport_capability_refusals_total\\{(?=[^}]*plugin="${plugin}")(?=[^}]*capability="tool_call").*\\} (\\d+)$`,
      'gm',
    );
    return [...text.matchAll(line)].reduce((sum, [, count]) => sum + Number(count), 0);
  };
  const lastLine = () => gateway.lines.findLast(line => line.msg === 'request') as Record<string, unknown>;

  it('[CAP-60] [CAP-61] calls another tool, whose result passes the other plugins', async () => {
    const [sum, echo] = await said('main', [
      ['get-sum', { a: 2, b: 3 }],
      ['echo', { message: 'to someone@example.com' }],
    ]);
    expect(sum).toMatchObject({ content: [{ tag: 'text', val: expect.stringContaining('5') }], isError: false });
    expect(echo).toMatchObject({ content: [{ tag: 'text', val: 'Echo: to [redacted]' }] });
  });

  it('[CAP-60] shows images as opaque, and what the upstream says of wrong arguments', async () => {
    const [image, wrong] = await said('main', [['get-tiny-image'], ['get-sum', { a: 'x' }]]);
    expect(image?.content).toContainEqual({ tag: 'opaque', val: 1 });
    expect(wrong).toMatchObject({ isError: true });
  });

  it('[CAP-61] has an id derived from the client’s request, and stands in its log line', async () => {
    await said('main', [
      ['echo', { message: 'x' }],
      ['get-sum', '[]'],
    ]);
    const { request, calls } = lastLine();
    expect(calls).toMatchObject([
      {
        ...{ request: `${request}.1`, by: 'caller', name: 'echo', upstream: 'everything', outcome: 'result' },
        plugins: [
          { plugin: 'caller', hook: 'tool_pre_invoke', outcome: 'proceed' },
          { plugin: 'meddler', hook: 'tool_pre_invoke' },
          { plugin: 'caller', hook: 'tool_post_invoke' },
          { plugin: 'meddler', hook: 'tool_post_invoke' },
          { plugin: 'redact', hook: 'tool_post_invoke', outcome: 'proceed' },
        ],
      },
      { request: `${request}.2`, by: 'caller', name: 'get-sum', outcome: 'invalid' },
    ]);
    expect(gateway.lines).toContainEqual(expect.objectContaining({ plugin: 'caller', msg: `served ${request}.1` }));
  });

  it('[CAP-61] is blocked by another plugin as a client would be', async () => {
    const [blocked] = await said('main', [['echo', { stop: true }]]);
    const violation = { code: 'STOP', reason: 'No.', description: 'Never.', details: '{"n":1}' };
    expect(blocked).toEqual({ error: { tag: 'blocked', val: violation } });
  });

  it('[CAP-61] takes the names of its binding', async () => {
    const [known, unknown, bare] = await said(
      'both',
      [['raw__echo', { text: 'by raw' }], ['nowhere__tool'], ['echo']],
      'everything__echo',
    );
    expect(known).toMatchObject({ content: [{ tag: 'text', val: 'by raw' }] });
    expect(unknown).toMatchObject({ error: { tag: 'not-found' } });
    expect(bare).toMatchObject({ error: { tag: 'not-found' } });
  });

  it('[CAP-62] is refused a tool that its grant does not name, counted and audited', async () => {
    const before = await refusals('caller');
    const calls: Called[] = [['get-env'], ['Echo'], ['get-'], ['']];
    for (const refused of await said('main', calls)) expect(refused).toMatchObject({ error: { tag: 'denied' } });
    expect(await refusals('caller')).toBe(before + calls.length);
    const { request } = lastLine();
    const audited = gateway.lines.flatMap(line => (line.audit as Record<string, unknown>) ?? []);
    expect(audited).toContainEqual(
      expect.objectContaining({ event: 'capability.refused', plugin: 'caller', capability: 'tool_call', request }),
    );
  });

  it('[CAP-62] is refused when a plugin on the way makes it a call of such a tool', async () => {
    const [refused, allowed] = await said('main', [
      ['get-tiny-image', { rename: 'get-env' }],
      ['get-tiny-image', { rename: 'get-sum' }],
    ]);
    expect(refused).toMatchObject({ error: { tag: 'denied', val: expect.stringContaining('get-env') } });
    expect(allowed).toMatchObject({ isError: true });
  });

  it('[CAP-63] is refused a tool that it is calling already', async () => {
    const [inner] = await said('main', [['echo', { calls: [['echo', { message: 'again' }]] }]]);
    expect(JSON.stringify(inner)).toContain('loop');
    const throughOther: Called = ['echo', { calls: [['get-sum', { calls: [['echo', {}]] }]] }];
    const [through] = await said('main', [throughOther]);
    expect(JSON.stringify(through)).toMatch(/too-deep/);
  });

  it('[CAP-63] is refused below its depth, and beyond its calls for one request', async () => {
    const [shallow] = await said('main', [['echo', { calls: [['get-sum', { a: 1, b: 1 }]] }]]);
    expect(JSON.stringify(shallow)).toContain('too-deep');
    const [deep] = await said('deep', [['get-sum', { calls: [['echo', { message: 'two down' }]] }]]);
    expect(JSON.stringify(deep)).toContain('Echo: two down');
    const many = await said(
      'deep',
      [1, 2, 3, 4].map(n => ['get-sum', { a: n, b: n }]),
    );
    expect(many.map(each => (each.error as { tag: string } | undefined)?.tag)).toEqual([
      ...[undefined, undefined, undefined],
      'limit',
    ]);
  });

  it('[CAP-64] bounds arguments, results and time', async () => {
    const [long, name, huge, array, garbage] = await said('raw', [
      ['echo', { text: 'x'.repeat(70_000) }],
      [`get-t${'x'.repeat(300)}`],
      ['huge', { bytes: 6000 }],
      ['echo', '[]'],
      ['echo', `{"a":${'['.repeat(5000)}${']'.repeat(5000)}}`],
    ]);
    expect(long).toMatchObject({ error: { tag: 'limit', val: expect.stringContaining('65536') } });
    expect(name).toMatchObject({ error: { tag: 'invalid' } });
    expect(huge).toMatchObject({ error: { tag: 'limit', val: expect.stringContaining('5000') } });
    const [late] = await said('hasty', [['never']]);
    expect(late).toEqual({ error: { tag: 'timeout' } });
    expect(array).toMatchObject({ error: { tag: 'invalid' } });
    expect(garbage).toMatchObject({ error: { tag: 'invalid' } });
  });

  it('[CAP-64] says that an upstream is down, that it died, and what it answers', async () => {
    const [down] = await said('both', [['down__echo']], 'everything__echo');
    expect(down).toMatchObject({ error: { tag: 'unavailable' } });
    const [dead, unknown] = await said('raw', [['die'], ['get-t-nothing']]);
    expect(dead).toMatchObject({ error: { tag: 'unavailable' } });
    expect(unknown).toEqual({ error: { tag: 'failed', val: 'no get-t-nothing' } });
  });

  it('[CAP-65] ends with the request of the client', async () => {
    const before = raw.raw.cancelled.length;
    const seen = raw.raw.seen.length;
    const leaving = new AbortController();
    const asked = ask('raw', 'echo', { calls: [['never']] }, leaving.signal);
    await expect.poll(() => raw.raw.seen.slice(seen).some(({ params }) => params?.name === 'never')).toBe(true);
    leaving.abort();
    await asked;
    await expect.poll(() => raw.raw.cancelled.length).toBe(before + 1);
  });

  it('[CAP-65] shares the time of the hook that waits for it', async () => {
    const calls = Array.from({ length: 30 }, () => ['never']);
    expect(await ask('hasty', 'echo', { calls })).toMatchObject({
      ...{ plugin: 'hasty', code: 'plugin_failed', details: { cause: 'timeout' } },
    });
  });

  it('[CAP-66] is served by an instance of its own, however many wait', async () => {
    const nested = Array.from({ length: 40 }, (_, n) => said('deep', [['echo', { message: `m${n}` }]]));
    const answers = await Promise.all(nested);
    for (const [n, [echo]] of answers.entries()) {
      expect(echo).toMatchObject({ content: [{ tag: 'text', val: `Echo: m${n}` }] });
    }
  });

  it.each([
    { what: 'a plugin that calls itself', tool: 'log' },
    { what: 'two plugins that call each other', tool: 'echo' },
  ])('[CAP-66] $what without end costs honest clients no request', async ({ tool }) => {
    await using load = await openHonestLoad(`${gateway.url}/mcp/honest`, 4);
    const ending = new AbortController();
    const attacking = (async () => {
      const answers: unknown[] = [];
      while (!ending.signal.aborted) answers.push(await ask('ring', tool, { text: 'x' }));
      return answers;
    })();
    const { answered, lost } = await load.run(1500);
    ending.abort();
    expect(lost).toEqual([]);
    expect(answered).toBeGreaterThan(10);
    const answers = await attacking;
    expect(answers.length).toBeGreaterThan(0);
    for (const answer of answers) expect(answer).toMatchObject({ code: 'plugin_failed' });
    expect(await ask('main', 'echo', { message: 'still here' })).toMatchObject({
      content: [{ type: 'text', text: 'Echo: still here' }],
    });
  });
});
