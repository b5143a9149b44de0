import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { UpstreamEntry } from '../../host/src/upstream/mcp/create-upstream.ts';
import { everythingOverStdio, startEverything } from '../fixtures/everything.ts';
import { keep } from '../fixtures/keep.ts';
import { call, initialize, type OpenGateway, openGateway, refusalOf, rpc } from '../fixtures/open-gateway.ts';
import { openHost } from '../fixtures/open-host.ts';
import { isAlive } from '../fixtures/process-state.ts';
import { startRawHttpServer } from '../fixtures/raw-http-server.ts';

type Session = Record<string, string>;

const script = new URL('../fixtures/raw-stdio-server.ts', import.meta.url).pathname;
const rawStdio = (more: Partial<Omit<UpstreamEntry, 'stdio' | 'http'>> = {}, ...args: string[]): UpstreamEntry => ({
  ...{ id: 'raw', stdio: { command: process.execPath, args: [script, ...args] } },
  ...more,
});
const textOf = async (gateway: OpenGateway, session: Session, tool: string, args: object = {}, path?: string) => {
  const { body } = await gateway.post(call(tool, args), session, path);
  return body.result?.content[0].text ?? body.error;
};
const end = (gateway: OpenGateway, session: Session) =>
  fetch(`${gateway.url}/mcp`, { method: 'DELETE', headers: session });

describe.each([
  { over: 'stdio', entry: async (): Promise<UpstreamEntry> => ({ id: 'everything', stdio: everythingOverStdio }) },
  {
    over: 'HTTP',
    entry: async (): Promise<UpstreamEntry> => ({
      id: 'everything',
      http: { url: (await keep(startEverything())).url },
    }),
  },
])('what server-everything keeps for one client over $over', ({ entry }) => {
  it('no other client sees, of the same binding or another [UP-30]', async () => {
    const both = { upstreams: ['everything'] };
    const gateway = await keep(openGateway([await entry()], { bindings: { one: both, other: both } }));
    const [mine, theirs] = [await gateway.session(), await gateway.session()];
    const elsewhere = await gateway.session('/mcp/other');
    const file = { name: 'secret.gz', data: 'data:text/plain,secret', outputType: 'resourceLink' };
    await gateway.post(call('gzip-file-as-resource', file), mine);
    const uris = async (session: Session, path?: string) => {
      const { body } = await gateway.post(rpc('resources/list'), session, path);
      return body.result.resources.map(({ uri }: { uri: string }) => uri);
    };
    const uri = 'demo://resource/session/secret.gz';
    expect(await uris(mine)).toContain(uri);
    expect(await uris(theirs)).not.toContain(uri);
    expect(await uris(elsewhere, '/mcp/other')).not.toContain(uri);
    expect((await gateway.post(rpc('resources/read', { uri }), theirs)).body.error).toBeDefined();
    expect((await gateway.post(rpc('resources/read', { uri }), mine)).body.result).toBeDefined();
    // And after the client has left.
    await end(gateway, mine);
    expect(await uris(await gateway.session())).not.toContain(uri);
  });
});

describe('over stdio', () => {
  it('the seventeenth client is refused by the name of the setting, until one of the others leaves [UP-32]', async () => {
    const gateway = await keep(openGateway([rawStdio()]));
    const sessions: Session[] = [];
    for (let count = 0; count < 16; count += 1) sessions.push(await gateway.session());
    const pids = await Promise.all(sessions.map(session => textOf(gateway, session, 'pid')));
    expect(new Set(pids).size).toBe(16);
    const refused = await gateway.post(initialize());
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '1']);
    expect(refused.body.error.data).toMatchObject({
      code: 'overloaded',
      hint: expect.stringContaining('`max_connections`'),
    });
    await end(gateway, sessions[3] ?? {});
    expect(await textOf(gateway, await gateway.session(), 'echo', { text: 'honest' })).toBe('honest');
    expect(await textOf(gateway, sessions[0] ?? {}, 'pid')).toBe(pids[0]);
  });

  it('a client that is refused later, in a call, is told the same [UP-32]', async () => {
    const gateway = await keep(openGateway([rawStdio({ max_connections: 1 })]));
    const [first, second] = [await gateway.session(), await gateway.session()];
    expect(await textOf(gateway, first, 'echo', { text: 'honest' })).toBe('honest');
    const refused = await gateway.post(call('echo', { text: 'x' }), second);
    expect(refusalOf(refused)).toEqual([503, 'overloaded']);
  });

  it('an idle client makes room, and gets another child when it comes back [UP-33]', async () => {
    const gateway = await keep(openGateway([rawStdio({ max_connections: 1, idle_ms: 300 })]));
    const first = await gateway.session();
    const pid = await textOf(gateway, first, 'pid');
    await expect.poll(() => isAlive(Number(pid))).toBe(false);
    const second = await gateway.session();
    expect(await textOf(gateway, second, 'remember', { text: 'mine' })).toBe('remembered');
    await end(gateway, second);
    expect(await textOf(gateway, first, 'recall')).toBe('nothing');
    expect(await textOf(gateway, first, 'pid')).not.toBe(pid);
  });

  it('a child ends with its session, and all of them with the gateway [UP-36]', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'sallyport-connections-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const gateway = await openGateway([rawStdio({}, '--grandchild', join(folder, 'pid'))]);
    const sessions = [await gateway.session(), await gateway.session()];
    const pids: number[] = [];
    for (const session of sessions) {
      pids.push(Number(await textOf(gateway, session, 'pid')));
      pids.push(Number(readFileSync(join(folder, 'pid'), 'utf8')));
    }
    expect(pids.map(isAlive)).toEqual([true, true, true, true]);
    await end(gateway, sessions[0] ?? {});
    await expect.poll(() => pids.map(isAlive)).toEqual([false, false, true, true]);
    await gateway[Symbol.asyncDispose]();
    expect(pids.map(isAlive)).toEqual([false, false, false, false]);
  });

  it('a child that is killed is made again within its session, and no other client is disturbed', async () => {
    const gateway = await keep(openGateway([rawStdio()]));
    const [mine, theirs] = [await gateway.session(), await gateway.session()];
    const pid = Number(await textOf(gateway, mine, 'pid'));
    await textOf(gateway, theirs, 'remember', { text: 'theirs' });
    process.kill(pid, 'SIGKILL');
    // What is sent before the gateway hears of it fails.
    await expect.poll(() => textOf(gateway, mine, 'echo', { text: 'honest' })).toBe('honest');
    expect(await textOf(gateway, mine, 'pid')).not.toBe(String(pid));
    expect(await textOf(gateway, theirs, 'recall')).toBe('theirs');
  });

  it('clients of a shared upstream have one child [UP-31]', async () => {
    const gateway = await keep(openGateway([rawStdio({ connections: 'shared', max_connections: 1 })]));
    await textOf(gateway, await gateway.session(), 'remember', { text: 'ours' });
    expect(await textOf(gateway, await gateway.session(), 'recall')).toBe('ours');
  });
});

describe('over HTTP', () => {
  it('a session upstream ends with the session of its client [UP-36]', async () => {
    const server = await keep(startRawHttpServer());
    const gateway = await keep(openGateway([{ id: 'raw', http: { url: server.url } }]));
    const [first, second] = [await gateway.session(), await gateway.session()];
    for (const session of [first, second]) await textOf(gateway, session, 'echo', { text: 'x' });
    expect(server.sessions.size).toBe(2);
    await end(gateway, first);
    await expect.poll(() => server.sessions.size).toBe(1);
    expect(await textOf(gateway, second, 'echo', { text: 'honest' })).toBe('honest');
  });

  it('clients of a server that gives no session have one connection [UP-31]', async () => {
    const server = await keep(startRawHttpServer({ stateless: true }));
    const gateway = await keep(openGateway([{ id: 'raw', http: { url: server.url }, max_connections: 1 }]));
    for (let count = 0; count < 5; count += 1) {
      expect(await textOf(gateway, await gateway.session(), 'echo', { text: 'honest' })).toBe('honest');
    }
    expect(server.raw.seen.filter(({ method }) => method === 'initialize')).toHaveLength(1);
  });
});

it.each([
  { connections: 'per_session' as const, levels: ['debug', 'error', 'debug'] },
  { connections: 'shared' as const, levels: ['debug', 'debug', 'error'] },
])(
  'no client changes the log level of another, across bindings too: $connections [UP-35]',
  async ({ connections, levels }) => {
    const server = await keep(startRawHttpServer());
    const raw = { upstreams: ['raw'] };
    const entry: UpstreamEntry = { id: 'raw', http: { url: server.url }, connections };
    const gateway = await keep(openGateway([entry], { bindings: { one: raw, other: raw } }));
    const told = () =>
      server.raw.seen.flatMap(({ method, params }) => (method === 'logging/setLevel' ? [params?.level] : []));
    const hears = async (session: Session, path: string) => {
      const { body } = await gateway.post(call('log'), session, path);
      return ['info said', 'error said'].filter(text => JSON.stringify(body).includes(text));
    };
    const curious = await gateway.session('/mcp/one');
    const quiet = await gateway.session('/mcp/other');
    await gateway.post(rpc('logging/setLevel', { level: 'debug' }), curious, '/mcp/one');
    expect(await hears(curious, '/mcp/one')).toEqual(['info said', 'error said']);
    await gateway.post(rpc('logging/setLevel', { level: 'error' }), quiet, '/mcp/other');
    expect(await hears(quiet, '/mcp/other')).toEqual(['error said']);
    expect(await hears(curious, '/mcp/one')).toEqual(['info said', 'error said']);
    // A restarted server is notified again.
    server.sessions.clear();
    expect(await hears(curious, '/mcp/one')).toEqual(['info said', 'error said']);
    await fetch(`${gateway.url}/mcp/one`, { method: 'DELETE', headers: curious });
    await expect.poll(told).toEqual(levels);
  },
);

it('tells a client on its stream what its own connection says, from the level that it asked for [GW-12]', async () => {
  const server = await keep(startRawHttpServer());
  const gateway = await keep(openGateway([{ id: 'raw', http: { url: server.url } }]));
  const session = await gateway.session();
  await gateway.post(rpc('logging/setLevel', { level: 'warning' }), session);
  const response = await fetch(`${gateway.url}/mcp`, { headers: { ...session, accept: 'text/event-stream' } });
  const reader = response.body?.getReader();
  let heard = '';
  const said = ['debug', 'error'].map(level => ({ method: 'notifications/message', params: { level, data: level } }));
  const timer = setInterval(() => {
    for (const message of said) server.broadcast({ jsonrpc: '2.0', ...message });
  }, 20);
  while (!heard.includes('"data":"error"')) heard += new TextDecoder().decode((await reader?.read())?.value);
  clearInterval(timer);
  expect(heard).not.toContain('"data":"debug"');
});

it('[UP-37] tells the operator how many connections there are, and of each at level debug', async () => {
  const server = await keep(startRawHttpServer());
  const { url, client, call, lines } = await keep(openHost([], server.url));
  const connections = async () =>
    /sallyport_upstream_connections\{upstream="upstream"\} (\d+)/.exec(
      await (await fetch(`${url}/metrics`)).text(),
    )?.[1];
  await call('echo', { text: 'x' });
  expect(await connections()).toBe('1');
  const second = new Client({ name: 'second', version: '1.0.0' });
  const transport = new StreamableHTTPClientTransport(new URL(`${url}/mcp`));
  await second.connect(transport);
  await second.callTool({ name: 'echo', arguments: { text: 'x' } });
  expect(await connections()).toBe('2');
  await transport.terminateSession();
  await second.close();
  await expect.poll(connections).toBe('1');
  await client.ping();
  const told = lines.filter(({ msg }) => msg === 'connected' || msg === 'disconnected');
  expect(told.map(({ level, msg }) => [level, msg])).toEqual([
    [30, 'connected'],
    [20, 'connected'],
    [20, 'disconnected'],
  ]);
});
