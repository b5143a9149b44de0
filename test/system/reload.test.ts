/** A running gateway whose configuration is replaced. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ConfigObject, createHost, createPrincipal, Faults, type Host, silentLog } from '@sallyport/host';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Config } from '../../host/src/config/config.ts';
import { readConfigObject } from '../../host/src/host/load-config.ts';
import { keep } from '../fixtures/keep.ts';
import { call, initialize, mcpHeaders, rpc } from '../fixtures/open-gateway.ts';
import { isAlive } from '../fixtures/process-state.ts';
import { type RawHttpServer, startRawHttpServer } from '../fixtures/raw-http-server.ts';
import { temporaryFolder } from '../fixtures/temporary-folder.ts';
import { until } from '../fixtures/until.ts';

let server: RawHttpServer;
let other: RawHttpServer;
let folder = '';
beforeEach(async () => {
  server = await keep(startRawHttpServer());
  other = await keep(startRawHttpServer({ name: 'other' }));
  folder = await temporaryFolder();
});

const up = (more: object = {}) => ({ id: 'up', http: { url: server.url }, ...more });
const second = () => ({ id: 'other', http: { url: other.url } });
const read = (config: ConfigObject): Promise<Config> =>
  readConfigObject({ cache_dir: folder, kv: { store: 'memory' }, ...config }, folder);

async function open(config: ConfigObject, options: Parameters<typeof createHost>[1] = {}): Promise<Host> {
  return keep(createHost(await read(config), { log: silentLog(), ...options }));
}

function post(message: object, headers: Record<string, string> = {}, path = '/mcp'): Request {
  const init = { method: 'POST', headers: { ...mcpHeaders, ...headers }, body: JSON.stringify(message) };
  return new Request(`http://localhost${path}`, init);
}

/** Begins a session, and returns its header and what sends messages in it. */
async function begin(host: Host, path = '/mcp', headers: Record<string, string> = {}) {
  const opened = await host.fetch(post(initialize(), headers, path));
  expect(opened.status).toBe(200);
  const session = { ...headers, 'mcp-session-id': opened.headers.get('mcp-session-id') ?? '' };
  const send = async (message: object) => {
    const response = await host.fetch(post(message, session, path));
    // biome-ignore lint/suspicious/noExplicitAny: an answer off the wire, looked into by tests
    return (await response.json()) as any;
  };
  const tools = async () => (await send(rpc('tools/list'))).result.tools.map(({ name }: { name: string }) => name);
  return { session, send, tools };
}

/** Listens to the messages of a session, and returns the methods of those that came. */
async function listen(host: Host, session: Record<string, string>, path = '/mcp') {
  const response = await host.fetch(
    new Request(`http://localhost${path}`, { headers: { accept: 'text/event-stream', ...session } }),
  );
  const heard: string[] = [];
  const state = { heard, isOver: false };
  const reading = (async () => {
    for await (const chunk of response.body ?? []) {
      for (const [, json] of new TextDecoder().decode(chunk).matchAll(/^data: (\{.*)$/gm)) {
        heard.push(JSON.parse(json ?? '').method);
      }
    }
  })();
  void reading
    .catch(() => {})
    .then(() => {
      state.isOver = true;
    });
  return state;
}

/** A server that answers calls of the tool `held` once they are released. */
async function holdingServer() {
  const released = Promise.withResolvers<void>();
  let held = 0;
  const server = await keep(
    startRawHttpServer({
      answer(message, response) {
        if (message.params?.name !== 'held') return false;
        held += 1;
        void released.promise.then(() => {
          response.writeHead(200, { 'content-type': 'application/json' });
          const result = { content: [{ type: 'text', text: 'finished' }] };
          response.end(JSON.stringify({ jsonrpc: '2.0', id: message.id, result }));
        });
        return true;
      },
    }),
  );
  return {
    url: server.url,
    sessions: server.sessions,
    /** The number of calls that it holds or held. */
    get held() {
      return held;
    },
    release: released.resolve,
  };
}

const codesOf = async (work: Promise<unknown>): Promise<(readonly [code: unknown, path?: string])[]> => {
  const thrown = await work.then(
    () => new Faults([]),
    (error: unknown) => error,
  );
  return thrown instanceof Faults
    ? thrown.faults.map(({ code, details }) => [code, details.path ?? ''] as const)
    : [[thrown]];
};

describe('a session of a client', () => {
  it('[RUN-150] goes on, is notified, and sees the upstream that was added and not the one that was removed', async () => {
    const host = await open({ upstreams: [up()] });
    const { session, send, tools } = await begin(host);
    const stream = await listen(host, session);
    expect(await tools()).toContain('echo');

    await host.reload(await read({ upstreams: [up(), second()] }));
    await until(() => stream.heard.includes('notifications/tools/list_changed'));
    expect(await tools()).toEqual(expect.arrayContaining(['up__echo', 'other__echo']));
    expect((await send(call('other__echo', { text: 'hi' }))).result).toMatchObject({ content: [{ text: 'hi' }] });

    stream.heard.length = 0;
    await host.reload(await read({ upstreams: [second()] }));
    await until(() => stream.heard.includes('notifications/tools/list_changed'));
    expect(await tools()).toContain('echo');
    expect((await send(call('up__echo'))).error).toBeDefined();
    expect(stream.isOver).toBe(false);
    expect(host.generation).toBe(3);
  });

  it('[RUN-151] keeps its own connection with an upstream that stays, and a changed one connects again', async () => {
    const host = await open({ upstreams: [up()] });
    const { tools } = await begin(host);
    await tools();
    const before = [...server.sessions];
    await host.reload(await read({ upstreams: [up()], allowed_hosts: ['a.example'], limits: { list_ms: 4_000 } }));
    await tools();
    expect([...server.sessions]).toEqual(before);
    await host.reload(await read({ upstreams: [up({ timeout_ms: 5_000 })] }));
    await tools();
    expect([...server.sessions]).not.toEqual(before);
    await until(() => before.every(id => !server.sessions.has(id)));
  });

  it('[RUN-152] ends with its binding, which is unknown from then on; those of other bindings go on', async () => {
    const bindings = [
      { id: 'main', upstreams: ['up'] },
      { id: 'gone', upstreams: ['up'] },
    ];
    const host = await open({ upstreams: [up()], bindings });
    const [stays, ends] = [await begin(host), await begin(host, '/mcp/gone')];
    const stream = await listen(host, ends.session, '/mcp/gone');
    await host.reload(await read({ upstreams: [up()], bindings: bindings.slice(0, 1) }));
    await until(() => stream.isOver);
    const { error } = await ends.send(rpc('tools/list'));
    expect(error.data.code).toBe('path_unknown');
    expect(await stays.tools()).toContain('echo');
  });

  it('[RUN-153] obeys the rules of the new configuration, and ends if they do not let its caller in', async () => {
    const schemes = [() => createPrincipal({ scheme: 'test', subject: 'ada' })];
    const main = (...allow: { tools?: string[] }[]) =>
      read({ upstreams: [up()], bindings: [{ id: 'main', upstreams: ['up'], ...(allow.length > 0 && { allow }) }] });
    const host = await keep(createHost(await main({}), { log: silentLog(), schemes }));
    const { session, send, tools } = await begin(host);
    const stream = await listen(host, session);
    await host.reload(await main({ tools: ['ech*'] }));
    expect(await tools()).toEqual(['echo']);
    expect((await send(call('count'))).error.data.code).toBe('access_denied');
    expect(stream.isOver).toBe(false);
    // Without rules, a binding refuses callers who are identified.
    await host.reload(await main());
    await until(() => stream.isOver);
    expect((await send(rpc('tools/list'))).error.data.code).toBe('access_denied');
  });

  it.each<{ what: string; change: (config: Config) => Partial<Config>; code: string }>([
    {
      what: 'tenant',
      change: ({ tenants }) => ({ tenants: tenants.map(each => ({ ...each, bindings: ['other'] })) }),
      code: 'access_denied',
    },
    {
      what: 'scopes',
      change: ({ bindings }) => ({ bindings: bindings.map(each => ({ ...each, required_scopes: ['more'] })) }),
      code: 'insufficient_scope',
    },
  ])('[RUN-153] ends if its binding is no longer for the $what of its caller', async ({ change, code }) => {
    const schemes = [() => createPrincipal({ scheme: 'test', subject: 'ada', tenant: 'one', scopes: ['some'] })];
    const bindings = ['main', 'other'].map(id => ({ id, default: id === 'main', upstreams: ['up'], allow: [{}] }));
    const config = await read({ upstreams: [up()], bindings, tenants: [{ id: 'one' }] });
    const host = await keep(createHost(config, { log: silentLog(), schemes }));
    const { session, send } = await begin(host);
    const stream = await listen(host, session);
    await host.reload(before => ({ ...before, ...change(before) }));
    await until(() => stream.isOver);
    expect((await send(rpc('tools/list'))).error.data.code).toBe(code);
  });
});

it('[RUN-154] a request that is running finishes with the upstream that it began with', async () => {
  const slow = await holdingServer();
  const host = await open({ upstreams: [{ id: 'up', http: { url: slow.url } }] });
  const { send, tools } = await begin(host);
  const running = send(call('held'));
  await until(() => slow.held === 1);
  await host.reload(await read({ upstreams: [second()] }));
  expect(await tools()).toContain('echo');
  slow.release();
  expect((await running).result.content[0].text).toBe('finished');
  await until(() => slow.sessions.size === 0);
});

it('[RUN-171] a call that lasts keeps its own upstream, and none of those that were replaced meanwhile', {
  timeout: 300_000,
}, async () => {
  const pids = await temporaryFolder();
  const script = join(import.meta.dirname, '../fixtures/raw-stdio-server.ts');
  const entry = (turn: number) => ({
    id: 'up',
    stdio: { command: process.execPath, args: [script, '--grandchild', join(pids, `${turn}`)] },
    timeout_ms: 600_000,
  });
  const started = () => readdirSync(pids).map(file => Number(readFileSync(join(pids, file), 'utf8')));
  const host = await open({ upstreams: [entry(0)] });
  const { send, session } = await begin(host);
  const long = rpc('tools/call', { name: 'slow-progress', arguments: {}, _meta: { progressToken: 1 } });
  // Its progress shows that the call is with the upstream.
  const progress = (await host.fetch(post(long, session))).body?.getReader();
  expect(new TextDecoder().decode((await progress?.read())?.value)).toContain('notifications/progress');
  const [own = 0] = started();
  for (let turn = 1; turn <= 10; turn += 1) {
    await host.reload(await read({ upstreams: [entry(turn)] }));
    await send(call('echo', { text: `${turn}` }));
  }
  expect(new Set(started()).size).toBe(11);
  await until(() => started().filter(isAlive).length <= 2);
  expect(isAlive(own)).toBe(true);
});

it('[RUN-171] a call goes on when later configurations that still have its binding end', async () => {
  const slow = await holdingServer();
  const bindings = [
    { id: 'main', upstreams: ['up'] },
    { id: 'gone', upstreams: ['up'] },
  ];
  const config = { upstreams: [{ id: 'up', http: { url: slow.url } }], bindings };
  const host = await open(config);
  const [stays, ends] = [await begin(host), await begin(host, '/mcp/gone')];
  const calls = [stays.send(call('held'))];
  await until(() => slow.held === 1);
  calls.push(ends.send(call('held')));
  await until(() => slow.held === 2);
  for (const allowed of ['a.example', 'b.example', 'c.example']) {
    await host.reload(await read({ ...config, allowed_hosts: [allowed] }));
  }
  for (const timeout of [10_001, 10_002, 10_003]) {
    const upstreams = [up({ timeout_ms: timeout })];
    await host.reload(await read({ upstreams, bindings: bindings.slice(0, 1) }));
    await stays.tools();
  }
  slow.release();
  for (const { result } of await Promise.all(calls)) expect(result.content[0].text).toBe('finished');
  await until(() => slow.sessions.size === 0);
});

it('[RUN-172] an upstream that was removed notifies no session any more, also while a request still uses it', async () => {
  let release = () => {};
  const slow = await keep(
    startRawHttpServer({
      answer(message, response) {
        if (message.params?.name !== 'held') return false;
        release = () => {
          response.writeHead(200, { 'content-type': 'application/json' });
          response.end(JSON.stringify({ jsonrpc: '2.0', id: message.id, result: { content: [] } }));
        };
        return true;
      },
    }),
  );
  const host = await open({ upstreams: [{ id: 'up', http: { url: slow.url } }, second()] });
  const { session, send, tools } = await begin(host);
  const stream = await listen(host, session);
  await tools();
  const log = { jsonrpc: '2.0', method: 'notifications/message', params: { level: 'error', data: 'a' } };
  const running = send(call('up__held'));
  await until(() => {
    slow.broadcast(log);
    return stream.heard.includes('notifications/message');
  });
  await host.reload(await read({ upstreams: [second()] }));
  await until(() => stream.heard.includes('notifications/tools/list_changed'));
  await tools();
  stream.heard.length = 0;
  for (let count = 0; count < 10; count += 1) slow.broadcast(log);
  // What the other upstream says afterwards arrives later.
  await until(() => {
    other.broadcast({ jsonrpc: '2.0', method: 'notifications/prompts/list_changed' });
    return stream.heard.includes('notifications/prompts/list_changed');
  });
  expect(stream.heard).not.toContain('notifications/message');
  release();
  await running;
});

describe('a reload', () => {
  it('[RUN-155] does not open a gateway that other machines reach to callers that nothing identifies', async () => {
    const upstreams = [up()];
    const host = await open({ identity: 'none', upstreams });
    await host.listen('0.0.0.0:0');
    await expect(host.reload(await read({ upstreams }))).rejects.toMatchObject({
      faults: [{ code: 'config_invalid', details: { path: 'identity' } }],
    });
    await host.reload(await read({ identity: 'none', upstreams }));
    expect(host.generation).toBe(2);
  });

  it('[RUN-155] that cannot be made reports every problem at once, and changes nothing', async () => {
    const host = await open({ upstreams: [up()] });
    const { tools } = await begin(host);
    const telemetry = { otlp: { endpoint: 'http://127.0.0.1:1' } };
    const changed = { listen: '127.0.0.1:1', audit: { file: './a' }, telemetry };
    const refused = host.reload(await read({ upstreams: [second()], ...changed }));
    expect(await codesOf(refused)).toEqual([
      ['reload_refused', 'listen'],
      ['reload_refused', 'audit'],
      ['reload_refused', 'telemetry'],
    ]);
    const broken = await read({
      upstreams: [{ id: 'down', http: { url: 'http://127.0.0.1:9/mcp' } }],
      secrets: [{ name: 'nowhere', env: 'NOT_SET_ANYWHERE' }],
      plugins: [{ id: 'p', source: { file: './missing.wasm' } }],
    });
    expect((await codesOf(host.reload(broken))).map(([code]) => code).toSorted()).toEqual([
      'artifact_not_found',
      'secret_unavailable',
    ]);
    const unreachable = await read({ upstreams: [up(), { id: 'down', http: { url: 'http://127.0.0.1:9/mcp' } }] });
    expect(await codesOf(host.reload(unreachable))).toEqual([['upstream_unavailable', '']]);
    const vetoed = host.reload(await read({ upstreams: [second()] }), {
      beforeSwap: () => Promise.reject(new Error('not today')),
    });
    await expect(vetoed).rejects.toThrow('not today');
    expect(await tools()).toContain('echo');
    expect(host.generation).toBe(1);
    expect(host.config.upstreams.map(({ id }) => id)).toEqual(['up']);
    const metrics = await (
      await host.fetch(new Request('http://localhost/metrics'), { remoteAddress: '127.0.0.1' })
    ).text();
    expect(metrics).toContain('sallyport_reloads_total{result="failure"} 4');
    expect(metrics).toContain('sallyport_reload_success 0');
    expect(metrics).toContain('sallyport_config_generation 1');
  });

  it('[RUN-156] runs after the one before, against what that left, and ends with the gateway', async () => {
    const host = await open({ upstreams: [up()] });
    const seen: string[][] = [];
    const add = (id: string) =>
      host.reload(config => {
        seen.push(config.upstreams.map(each => each.id));
        const [first] = config.upstreams;
        if (first === undefined) throw new Error('there is none');
        return { ...config, upstreams: [...config.upstreams, { ...first, id }] };
      });
    const both = await Promise.all([add('one'), add('two')]);
    expect(seen).toEqual([['up'], ['up', 'one']]);
    expect(both.map(({ generation }) => generation)).toEqual([2, 3]);
    const waiting = host.reload(config => config, { beforeSwap: () => new Promise(setImmediate) });
    await host.close();
    await expect(waiting).rejects.toMatchObject({ code: 'draining' });
  });
});
