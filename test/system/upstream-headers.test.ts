import type { IncomingHttpHeaders } from 'node:http';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { jsGuest } from '../fixtures/guest.ts';
import { guestDescriptor } from '../fixtures/guest-descriptor.ts';
import { openHost } from '../fixtures/open-host.ts';
import { type RawMessage, startRawHttpServer } from '../fixtures/raw-http-server.ts';

/** Sets the headers of its config in all hooks, and logs what that came to. A value can be a reference to a secret. */
const script = `
import { write } from 'sallyport:plugin/log@0.1.0';
import { set } from 'sallyport:plugin/upstream-headers@0.1.0';
import { reference } from 'sallyport:plugin/secret-store@0.1.0';
let config;
const setAll = hook => {
  for (const [name, value] of Object.entries(config.set)) {
    try {
      set(name, value === 'SECRET' ? 'Bearer ' + reference('token') : value);
      write('info', hook + ': set ' + name);
    } catch (error) { write('info', hook + ': ' + error.payload?.tag + ' ' + name); }
  }
};
export const lifecycle = { configure(text) { config = JSON.parse(text); setAll('configure'); } };
export const dispatchHooks = {
  beforeDispatch() {
    setAll('before');
    if (config.fails) throw new Error('it fails');
    return { tag: 'proceed' };
  },
  afterDispatch(context, response) {
    setAll('after');
    write('info', 'saw ' + JSON.stringify(response.val));
    return { tag: 'proceed' };
  },
};`;

const value = 'a-token-of-some-length';
const asks = { required_capabilities: ['upstream_headers'], optional_capabilities: ['secret_store'] };
const pure = script.replace(/^import \{ reference \}.*$/m, '').replace("'Bearer ' + reference('token')", 'value');
const guests = new Map<string, Uint8Array>();
beforeAll(async () => {
  process.env.SALLYPORT_UPSTREAM_TOKEN = value;
  const of = (id: string, more: Record<string, unknown>, code: string) =>
    jsGuest({ ...guestDescriptor(id, more), hooks: [...everyHook] }, code).then(bytes => void guests.set(id, bytes));
  await Promise.all([
    of('first', { required_capabilities: ['upstream_headers'] }, pure),
    of('second', { required_capabilities: ['upstream_headers'] }, pure),
    of('secretive', asks, script),
  ]);
});

const everyHook = [
  ...['tool_pre_invoke', 'tool_post_invoke', 'prompt_pre_fetch', 'prompt_post_fetch'],
  ...['resource_pre_fetch', 'resource_post_fetch', 'tool_list'],
] as const;

interface Seen {
  readonly http: string | undefined;
  readonly method: string | undefined;
  readonly headers: IncomingHttpHeaders;
}

const opened: AsyncDisposable[] = [];
afterAll(async () => {
  for (const each of opened.toReversed()) await each[Symbol.asyncDispose]();
});

/** A server that keeps the headers of all its requests. */
async function startServer(answer: Parameters<typeof startRawHttpServer>[0] = {}) {
  const seen: Seen[] = [];
  const server = await startRawHttpServer({
    ...answer,
    refuse(request, response) {
      if (request.method !== 'POST') seen.push({ http: request.method, method: undefined, headers: request.headers });
      return answer?.refuse?.(request, response) ?? false;
    },
    answer(message: RawMessage, response, request) {
      seen.push({ http: request.method, method: message.method, headers: request.headers });
      return answer?.answer?.(message, response, request) ?? false;
    },
  });
  opened.push(server);
  return Object.assign(server, {
    seen,
    /** The values of one header by method, in order; of requests that have it. */
    with: (name: string) =>
      seen.flatMap(({ http, method, headers }) =>
        headers[name] === undefined ? [] : [[method ?? http, headers[name]]],
      ),
  });
}

interface Setting {
  readonly set: Record<string, string>;
  readonly names?: readonly string[];
  readonly secret?: { readonly origins: readonly string[]; readonly headers?: readonly string[] };
  readonly fails?: boolean;
  readonly on_error?: string;
}

async function open(plugins: Readonly<Record<string, Setting>>, url: string, more: Record<string, unknown> = {}) {
  const host = await openHost(
    Object.entries(plugins).map(([id, { set, names = Object.keys(set), secret, fails = false, on_error }]) => ({
      id,
      bytes: guests.get(id) ?? new Uint8Array(),
      config: { set, fails },
      ...(on_error && { on_error }),
      grants: {
        upstream_headers: { names },
        ...(secret && { secret_store: { references: [{ name: 'token', ...secret }] } }),
      },
    })),
    url,
    { secrets: [{ name: 'token', env: 'SALLYPORT_UPSTREAM_TOKEN' }], ...more },
  );
  opened.push(host);
  return host;
}

const origin = (url: string) => new URL(url).origin;
const saidIn = (lines: readonly Record<string, unknown>[]) => lines.map(({ msg }) => String(msg));

it('[CAP-98] a header goes with the request of the call that it was set for, and with no other', async () => {
  const server = await startServer();
  const host = await open({ first: { set: { 'X-Team': 'red' }, names: ['x-team'] } }, server.url);
  await host.call('echo', { text: 'a' });
  await host.client.listTools();
  await host.client.getPrompt({ name: 'greet' }).catch(() => {});
  await host.client.readResource({ uri: 'odd://one' }).catch(() => {});
  expect(server.with('x-team')).toEqual([
    ['tools/call', 'red'],
    ['prompts/get', 'red'],
    ['resources/read', 'red'],
  ]);
  expect(server.seen.map(({ method }) => method)).toContain('tools/list');
  const said = saidIn(host.lines);
  expect(said).toContain('configure: unavailable X-Team');
  expect(said).toContain('after: unavailable X-Team');
});

it('[CAP-98] of two plugins the later wins, also over the operator, and what failed does not count', async () => {
  const server = await startServer();
  const upstreams = [{ id: 'upstream', http: { url: server.url, headers: { 'X-Team': 'operator', 'x-kept': 'yes' } } }];
  const both = { first: { set: { 'x-team': 'first', 'x-one': '1' } }, second: { set: { 'x-team': 'second' } } };
  await (await open(both, server.url, { upstreams })).call('echo', { text: 'a' });
  const failing = { ...both, second: { ...both.second, fails: true, on_error: 'ignore' } };
  await (await open(failing, server.url, { upstreams })).call('echo', { text: 'a' });
  expect(server.with('x-team').filter(([method]) => method === 'tools/call')).toEqual([
    ['tools/call', 'second'],
    ['tools/call', 'first'],
  ]);
  expect(server.with('x-team').filter(([, team]) => team === 'operator').length).toBeGreaterThan(2);
  expect(server.with('x-kept').filter(([method]) => method === 'tools/call')).toHaveLength(2);
  expect(server.with('x-one')).toHaveLength(2);
});

it('[CAP-99] a secret is put in by reference, and reaches neither guest, client, log nor audit when the server repeats it', async () => {
  const server = await startServer();
  const secret = { origins: [origin(server.url)] };
  const host = await open({ secretive: { set: { authorization: 'SECRET' }, secret } }, server.url);
  const result = await host.call('surroundings');
  expect(server.with('authorization')).toEqual([['tools/call', `Bearer ${value}`]]);
  expect(JSON.stringify(result)).toContain('"authorization\\":\\"');
  expect(JSON.stringify(result)).not.toContain(value);
  expect(JSON.stringify(host.lines)).not.toContain(value);
  expect(saidIn(host.lines).some(line => line.startsWith('saw ') && line.includes('authorization'))).toBe(true);
});

it.each([
  { what: 'to another server', secret: { origins: ['https://other.example.com'] }, why: 'may not be sent to' },
  {
    what: 'in another header',
    secret: { origins: ['SERVER'], headers: ['x-key'] },
    why: 'in the header authorization',
  },
])('[CAP-99] a secret that may not go $what blocks the call, which is not sent', async ({ secret, why }) => {
  const server = await startServer();
  const use = { ...secret, origins: secret.origins.map(each => (each === 'SERVER' ? origin(server.url) : each)) };
  const host = await open({ secretive: { set: { authorization: 'SECRET' }, secret: use } }, server.url);
  await expect(host.call('echo', { text: 'a' })).rejects.toMatchObject({
    data: { plugin: 'secretive', code: 'plugin_failed', details: { cause: 'unavailable' } },
  });
  expect(server.seen.map(({ method }) => method)).not.toContain('tools/call');
  expect(host.lines.flatMap(({ audit }) => audit ?? [])).toMatchObject([
    { event: 'capability.refused', capability: 'upstream_headers', details: { what: expect.stringContaining(why) } },
  ]);
  expect(JSON.stringify(host.lines)).not.toContain(value);
});

it('[CAP-100] a header follows no redirect, and reaches no other upstream of the binding', async () => {
  const elsewhere = await startServer();
  const target = await startServer({
    answer(message, response) {
      if (message.method !== 'tools/call') return false;
      response.writeHead(307, { location: elsewhere.url }).end();
      return true;
    },
  });
  const upstreams = [
    { id: 'one', http: { url: target.url } },
    { id: 'two', http: { url: elsewhere.url } },
  ];
  const bindings = [{ id: 'main', upstreams: ['one', 'two'], transforms: ['first'] }];
  const host = await open({ first: { set: { 'x-team': 'red' } } }, target.url, { upstreams, bindings });
  await host.call('one__echo', { text: 'a' }).catch(() => {});
  expect(target.with('x-team')).toEqual([['tools/call', 'red']]);
  expect(elsewhere.with('x-team')).toEqual([]);
  expect(elsewhere.seen.length).toBeGreaterThan(0);
});

it('[CAP-101] an upstream over stdio has no headers: the plugin is told so, and the call goes on', async () => {
  const stdio = new URL('../fixtures/raw-stdio-server.ts', import.meta.url).pathname;
  const upstreams = [{ id: 'upstream', stdio: { command: process.execPath, args: [stdio] } }];
  const host = await open({ first: { set: { 'x-team': 'red' } } }, '', { upstreams });
  await expect(host.call('echo', { text: 'a' })).resolves.toMatchObject({ content: [{ text: 'a' }] });
  expect(saidIn(host.lines)).toContain('before: unavailable x-team');
});

it.each([
  ...['host', 'content-length', 'transfer-encoding', 'connection', 'te', 'expect', 'proxy-authorization'],
  ...['mcp-session-id', 'mcp-protocol-version', 'mcp-method', 'mcp_method', 'last-event-id', 'accept', 'content-type'],
  ...['content_length', 'x-forwarded-for'],
])('[CAP-102] the header %s can neither be granted nor set', async name => {
  await expect(open({ first: { set: { [name]: 'x' } } }, 'http://127.0.0.1:9/mcp')).rejects.toMatchObject({
    faults: [expect.objectContaining({ code: 'config_invalid' })],
  });
});

it('[CAP-102] authorization and cookie are set only where the grant names them', async () => {
  const server = await startServer();
  const set = { authorization: 'Bearer mine', cookie: 'a=b', 'x-team': 'red' };
  const host = await open({ first: { set, names: ['x-team'] }, second: { set, names: ['cookie'] } }, server.url);
  await host.call('echo', { text: 'a' });
  expect([server.with('authorization'), server.with('cookie')]).toEqual([[], [['tools/call', 'a=b']]]);
  expect(saidIn(host.lines)).toContain('before: denied authorization');
});
