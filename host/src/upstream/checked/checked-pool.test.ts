import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Fault } from '../../core/fault.ts';
import type { JsonObject } from '../../core/json.ts';
import { anonymous, createPrincipal } from '../../identity/principal.ts';
import { type Answer, errorAnswer, resultAnswer } from '../../mcp/answer.ts';
import type { Notification } from '../../mcp/message.ts';
import { type ListMethod, listShape } from '../../mcp/methods.ts';
import type { Upstream, UpstreamPool } from '../upstream.ts';
import { CheckedPool } from './checked-pool.ts';
import type { ListCheck, Refresh } from './list-check.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const listChanged = 'notifications/tools/list_changed';
const tool = (name: string) => ({ name, inputSchema: {} });

/** A server, with the requests that it got. Each client has a connection of its own, unless they share one. */
function openServer({ isCommon = false, announces = true } = {}) {
  const lists: Partial<Record<ListMethod, readonly JsonObject[] | Fault>> = { 'tools/list': [tool('a'), tool('b')] };
  const asked: string[] = [];
  const clients: { say(method: string): void; isOpen: boolean }[] = [];
  const answer = async (method: string): Promise<Answer> => {
    asked.push(method);
    if (!method.endsWith('/list')) return resultAnswer({ content: [] });
    const items = lists[method as ListMethod];
    if (items === undefined) return errorAnswer({ code: -32601, message: 'Method not found' });
    if (items instanceof Fault) throw items;
    return resultAnswer({ [listShape(method as ListMethod).member]: [...items] });
  };
  const open = (): Upstream => {
    const listeners = new Set<(notification: Notification) => void>();
    const client = {
      isOpen: true,
      say: (method: string) => {
        for (const listener of listeners) listener({ method });
      },
    };
    clients.push(client);
    return {
      ...{ id: 'files', ready: true, start: async () => {}, setLogLevel: async () => {} },
      listeningSince: announces ? 0 : undefined,
      serverInfo: { revision: '', implementation: {}, capabilities: { tools: { listChanged: announces } } },
      request: answer,
      subscribe(listener) {
        listeners.add(listener);
        return () => void listeners.delete(listener);
      },
      async [Symbol.asyncDispose]() {
        client.isOpen = false;
      },
    };
  };
  const common = isCommon ? open() : undefined;
  const pool: UpstreamPool = {
    ...{ id: 'files', ready: true, wasReached: true, lastFailure: undefined, serverInfo: undefined, common, open },
    ...{ start: async () => {}, checkRoom: () => {} },
    for: () => pool,
    async [Symbol.asyncDispose]() {},
  };
  return { pool, lists, asked, clients };
}

/** A check that does what its members say, which tests replace. */
function openCheck() {
  const seen: Refresh[] = [];
  const check = {
    ...{ decider: 'first', seen, checked: 0 },
    mayRead: true,
    keep: (items: readonly JsonObject[]): readonly JsonObject[] | undefined => items.filter(({ name }) => name !== 'b'),
    async before(refresh: Refresh) {
      seen.push(refresh);
      return check.mayRead;
    },
    async after(_: Refresh, items: readonly JsonObject[]) {
      check.checked += 1;
      return check.keep(items);
    },
  };
  return check satisfies ListCheck;
}

function setUp(options?: Parameters<typeof openServer>[0]) {
  const server = openServer(options);
  const check = openCheck();
  const pool = new CheckedPool(server.pool, { check, listMs: 1_000 });
  const listed = async (client: Upstream, method: ListMethod = 'tools/list') => {
    const { result, error } = await client.request(method);
    return (result?.[listShape(method).member] as JsonObject[] | undefined)?.map(({ name }) => name) ?? error;
  };
  const call = (client: Upstream, name: string) => client.request('tools/call', { name });
  return { ...server, check, pool, listed, call };
}

const unknown = (code = 'name_unknown') => expect.objectContaining({ code });

describe('a checked list', () => {
  it('[HOOK-183] is read and checked once for all clients', async () => {
    const { pool, check, asked, listed } = setUp();
    const clients = [pool.open(), pool.for(anonymous).open(), pool.open()];
    expect(await Promise.all(clients.map(client => listed(client)))).toEqual([['a'], ['a'], ['a']]);
    expect(await listed(pool.open())).toEqual(['a']);
    expect(asked).toEqual(['tools/list']);
    expect(check).toMatchObject({
      checked: 1,
      seen: [{ upstream: 'files', method: 'tools/list', reason: 'connected' }],
    });
  });

  it('[HOOK-183] is that of no client, but of a connection of its own', async () => {
    const { pool, clients, listed } = setUp();
    await listed(pool.open());
    expect(clients).toHaveLength(2);
    await pool[Symbol.asyncDispose]();
    expect(clients.map(({ isOpen }) => isOpen)).toEqual([true, false]);
  });

  it('[HOOK-185] names what can be called', async () => {
    const { pool, asked, call } = setUp();
    const client = pool.open();
    await expect(call(client, 'b')).rejects.toEqual(unknown());
    await expect(call(client, 'c')).rejects.toEqual(unknown());
    await expect(client.request('prompts/get', { name: 'a' })).rejects.toEqual(unknown());
    await expect(client.request('completion/complete', { ref: { type: 'ref/prompt', name: 'a' } })).rejects.toEqual(
      unknown(),
    );
    expect(asked).toEqual(['tools/list', 'prompts/list']);
    await call(client, 'a');
    expect(asked.at(-1)).toBe('tools/call');
  });

  it('[HOOK-185] names resources that cannot be read, beside those that no list names', async () => {
    const { pool, lists, check } = setUp();
    lists['resources/list'] = [
      { uri: 'file:///a', name: 'a' },
      { uri: 'file:///b', name: 'b' },
    ];
    lists['resources/templates/list'] = [
      { uriTemplate: 'mail:///{id}', name: 'b' },
      { uriTemplate: 'note:///{id}', name: 'a' },
    ];
    const client = pool.open();
    const read = (uri: string) => client.request('resources/read', { uri });
    const complete = (uri: string) => client.request('completion/complete', { ref: { type: 'ref/resource', uri } });
    for (const uri of ['file:///a', 'note:///1', 'link:///1']) await read(uri);
    for (const uri of ['file:///b', 'mail:///1'])
      await expect(read(uri), uri).rejects.toEqual(unknown('resource_unknown'));
    await complete('note:///{id}');
    await expect(complete('mail:///{id}')).rejects.toEqual(unknown('resource_unknown'));
    check.keep = () => undefined;
    const other = new CheckedPool(openServer().pool, { check, listMs: 1_000 }).open();
    await expect(other.request('resources/read', { uri: 'link:///1' })).rejects.toEqual(unknown('resource_unknown'));
  });

  it('[HOOK-185] names resources that cannot be read in another spelling either', async () => {
    const { pool, lists } = setUp();
    lists['resources/list'] = [
      { uri: 'file:///pub/a', name: 'a' },
      { uri: 'file:///pub/b', name: 'b' },
    ];
    lists['resources/templates/list'] = [
      { uriTemplate: 'file:///secret/{path}', name: 'b' },
      { uriTemplate: 'file:///pub/{+path}', name: 'a' },
    ];
    const client = pool.open();
    const read = (uri: string) => client.request('resources/read', { uri });
    for (const uri of ['file:///pub/a', 'file:///pub/c%20d', 'file:///pub/%61', 'file:///other/1']) await read(uri);
    const removed = ['FILE:///pub/b', 'file:///pub/%62', 'file:///pub/%2562', 'file:///pub/x/../b', 'file:///pub//b'];
    const removedByTemplate = ['file:///secret/1', 'file:///pub/../secret/1', 'file:///pub/%2e%2e/secret/1'];
    for (const uri of [...removed, ...removedByTemplate, 'file:///pub/b#x', 'file:///pub/b?x', 'file:///%73ecret/1'])
      await expect(read(uri), uri).rejects.toEqual(unknown('resource_unknown'));
  });

  it.each([
    ['its reading', { mayRead: false }],
    ['it as a whole', { keep: () => undefined }],
  ])('[HOOK-186] stays what it was when a check refuses %s', async (_, refusal) => {
    const { pool, lists, check, listed, call, clients } = setUp();
    const client = pool.open();
    await listed(client);
    lists['tools/list'] = [tool('c')];
    const { mayRead, keep } = check;
    Object.assign(check, refusal);
    clients[1]?.say(listChanged);
    expect(await listed(client)).toEqual(['a']);
    expect(check.seen.at(-1)).toMatchObject({ reason: 'changed', entries: 1 });
    await call(client, 'a');
    await expect(call(client, 'c')).rejects.toEqual(unknown());
    const times = check.seen.length;
    expect(await listed(client)).toEqual(['a']);
    expect(check.seen).toHaveLength(times);
    Object.assign(check, { mayRead, keep });
    vi.advanceTimersByTime(10_000);
    clients[1]?.say(listChanged);
    expect(await listed(client)).toEqual(['c']);
    await call(client, 'c');
    await expect(call(client, 'a')).rejects.toEqual(unknown());
  });

  it.each([
    ['its reading', { mayRead: false }],
    ['it as a whole', { keep: () => undefined }],
  ])('[HOOK-186] is empty when a check refuses %s and there is no earlier one', async (_, refusal) => {
    const { pool, check, asked, listed, call } = setUp({ announces: false });
    const { mayRead, keep } = check;
    Object.assign(check, refusal);
    const client = pool.open();
    expect(await listed(client)).toEqual([]);
    await expect(call(client, 'a')).rejects.toEqual(unknown());
    expect(asked).not.toContain('tools/call');
    Object.assign(check, { mayRead, keep });
    vi.advanceTimersByTime(60_000);
    expect(await listed(client)).toEqual(['a']);
  });

  it('[HOOK-183] is read again after a minute where the server would not report a change', async () => {
    const { pool, lists, check, asked, listed } = setUp({ announces: false });
    const client = pool.open();
    await listed(client);
    vi.advanceTimersByTime(59_000);
    expect(await listed(client)).toEqual(['a']);
    expect(asked).toHaveLength(1);
    lists['tools/list'] = [tool('a'), tool('c')];
    vi.advanceTimersByTime(2_000);
    expect(await listed(client)).toEqual(['a', 'c']);
    expect(check.seen.map(({ reason }) => reason)).toEqual(['connected', 'aged']);
  });

  it('[HOOK-183] is followed when it changes, and clients are notified once it was checked', async () => {
    const { pool, lists, check, clients, listed, call } = setUp();
    const client = pool.open();
    const heard: string[] = [];
    client.subscribe(({ method }) => void heard.push(method));
    await listed(client);
    lists['tools/list'] = [tool('a'), tool('b'), tool('c')];
    // Whichever connection reports it, it is one refresh a second at most.
    for (const { say } of clients) for (let times = 0; times < 50; times += 1) say(listChanged);
    expect(heard).toEqual([]);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(heard).toEqual([listChanged]);
    expect(check.checked).toBe(2);
    await call(client, 'c');
    clients[0]?.say('notifications/message');
    expect(heard).toEqual([listChanged, 'notifications/message']);
    for (const { say } of clients) say(listChanged);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(heard).toHaveLength(2);
  });

  it('[HOOK-183] that changes while a call is under way does not end the call', async () => {
    const { pool, lists, clients, listed } = setUp();
    const client = pool.open();
    await listed(client);
    const running = client.request('tools/call', { name: 'a' });
    lists['tools/list'] = [];
    clients[1]?.say(listChanged);
    await expect(running).resolves.toMatchObject({ kind: 'result' });
    expect(await listed(client)).toEqual([]);
    await expect(client.request('tools/call', { name: 'a' })).rejects.toEqual(unknown());
  });

  it('[HOOK-188] is checked again when something else decides', async () => {
    const { pool, check, asked, listed, call } = setUp();
    const client = pool.open();
    await listed(client);
    Object.assign(check, {
      decider: 'second',
      keep: (items: JsonObject[]) => items.filter(({ name }) => name === 'b'),
    });
    await expect(call(client, 'a')).rejects.toEqual(unknown());
    expect(await listed(client)).toEqual(['b']);
    expect(asked).toEqual(['tools/list']);
    Object.assign(check, { decider: 'third', keep: () => undefined });
    expect(await listed(client)).toEqual([]);
    await expect(call(client, 'b')).rejects.toEqual(unknown());
  });

  it('[HOOK-188] is checked at once when something else decides, and clients are notified of what changed', async () => {
    const { pool, check, asked, listed } = setUp();
    const client = pool.open();
    const heard: string[] = [];
    client.subscribe(({ method }) => void heard.push(method));
    pool.checkAgain();
    await listed(client);
    pool.checkAgain();
    check.decider = 'second';
    pool.checkAgain();
    await vi.advanceTimersByTimeAsync(1_000);
    expect([check.checked, heard]).toEqual([2, []]);
    Object.assign(check, { decider: 'third', keep: () => [] });
    pool.checkAgain();
    await vi.advanceTimersByTimeAsync(1_000);
    expect([check.checked, heard]).toEqual([3, [listChanged]]);
    expect(asked).toEqual(['tools/list']);
  });

  it('[HOOK-188] of a caller is checked at once too, and nothing of it stays when its last client has left', async () => {
    const { check, listed } = setUp();
    const own = openServer({ isCommon: true });
    const pool = new CheckedPool({ ...openServer().pool, for: () => own.pool }, { check, listMs: 1_000 });
    const client = pool.for(anonymous).open();
    const heard: string[] = [];
    const leave = client.subscribe(({ method }) => void heard.push(method));
    expect(await listed(client)).toEqual(['a']);
    Object.assign(check, { decider: 'second', keep: () => [] });
    pool.checkAgain();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(heard).toEqual([listChanged]);
    expect(pool.for(anonymous).common).toBeUndefined();
    leave();
    await client[Symbol.asyncDispose]();
    check.decider = 'third';
    pool.checkAgain();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(check.checked).toBe(2);
  });

  it('[HOOK-188] is not used any more when something else that decides refuses to read it', async () => {
    const { pool, check, clients, listed, call } = setUp();
    const client = pool.open();
    expect(await listed(client)).toEqual(['a']);
    Object.assign(check, { decider: 'second', mayRead: false });
    clients[1]?.say(listChanged);
    await expect(call(client, 'a')).rejects.toEqual(unknown());
    expect(await listed(client)).toEqual([]);
    expect(check.seen.slice(1)).toMatchObject([{ entries: undefined }]);
    // A third one does not have to wait until the refusal of the second is old.
    Object.assign(check, { decider: 'third', mayRead: true });
    expect(await listed(client)).toEqual(['a']);
  });

  it('[HOOK-186] is checked again some time after it was refused, also if the server would report a change', async () => {
    const { pool, check, listed } = setUp();
    const client = pool.open();
    const { keep } = check;
    check.keep = () => undefined;
    expect(await listed(client)).toEqual([]);
    expect(client.listeningSince).toBeUndefined();
    check.keep = keep;
    vi.advanceTimersByTime(10_000);
    expect(await listed(client)).toEqual(['a']);
    expect(client.listeningSince).toBe(0);
  });

  it('[HOOK-186] that replaces a refused one during its check does not wait', async () => {
    const { pool, lists, check, clients, listed } = setUp();
    const client = pool.open();
    check.keep = items => {
      if (items.length === 1) return items;
      lists['tools/list'] = [tool('c')];
      clients[1]?.say(listChanged);
      return undefined;
    };
    expect(await listed(client)).toEqual([]);
    expect(await listed(client)).toEqual(['c']);
  });

  it('[HOOK-183] is not opened again by a client that was closed', async () => {
    const { pool, clients } = setUp();
    const client = pool.open();
    await client[Symbol.asyncDispose]();
    await client.request('tools/list');
    expect(clients).toHaveLength(1);
  });

  it('[HOOK-186] cannot be read: the reason is reported, and what was accepted can be called', async () => {
    const { pool, lists, clients, listed, call } = setUp();
    const client = pool.open();
    lists['tools/list'] = new Fault('upstream_closed');
    await expect(listed(client)).rejects.toEqual(unknown('upstream_closed'));
    await expect(call(client, 'a')).rejects.toEqual(unknown('upstream_closed'));
    lists['tools/list'] = [tool('a')];
    expect(await listed(client)).toEqual(['a']);
    lists['tools/list'] = new Fault('upstream_closed');
    clients.at(-1)?.say(listChanged);
    await call(client, 'a');
    await expect(listed(client)).rejects.toEqual(unknown('upstream_closed'));
  });

  it('[HOOK-183] has one page, so that no cursor is valid', async () => {
    const { pool } = setUp();
    const paged = pool.open().request('tools/list', { cursor: '2' });
    await expect(paged).rejects.toEqual(unknown('params_invalid'));
  });

  it('[HOOK-183] of a shared connection has one client for all, whose subscribers outlive others', async () => {
    const { pool, lists, clients, listed } = setUp({ isCommon: true });
    const { common } = pool;
    if (common === undefined) throw new Error('it is not shared');
    expect(pool.common).toBe(common);
    const heard: string[] = [];
    common.subscribe(({ method }) => void heard.push(method));
    expect(await listed(common)).toEqual(['a']);
    lists['tools/list'] = [tool('c')];
    clients[0]?.say(listChanged);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(heard).toEqual([listChanged]);
  });

  it('[HOOK-183] of a caller with credentials of their own is theirs alone, and ends with their last client', async () => {
    const all = openServer();
    const ada = openServer();
    const bob = openServer();
    bob.lists['tools/list'] = [tool('c')];
    const pool = new CheckedPool(
      { ...all.pool, for: ({ subject }) => (subject === 'ada' ? ada.pool : bob.pool) },
      { check: openCheck(), listMs: 1_000 },
    );
    const principal = (subject: string) => createPrincipal({ scheme: 's', subject });
    const [one, other] = [pool.for(principal('ada')).open(), pool.for(principal('bob')).open()];
    expect(pool.for(principal('ada'))).toBe(pool.for(principal('ada')));
    await one.request('tools/call', { name: 'a' });
    await expect(other.request('tools/call', { name: 'a' })).rejects.toEqual(unknown());
    await one[Symbol.asyncDispose]();
    await one[Symbol.asyncDispose]();
    await vi.advanceTimersByTimeAsync(0);
    expect(ada.clients.map(({ isOpen }) => isOpen)).toEqual([false, false]);
    expect(bob.clients.map(({ isOpen }) => isOpen)).toEqual([true, true]);
  });
});
