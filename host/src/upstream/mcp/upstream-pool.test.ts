import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Fault } from '../../core/fault.ts';
import { createLog, silentLog } from '../../core/log.ts';
import { resultAnswer } from '../../mcp/answer.ts';
import { type Connection, SessionExpired } from './connection.ts';
import { createUpstreamPool } from './create-upstream.ts';
import { ConnectionPool, type DialEvents, type PoolOptions } from './upstream-pool.ts';

/** A server that is made of functions. `made` are the connections with it, the closed ones too. */
class FakeServer {
  keepsState = true;
  fails = false;
  isListening = false;
  version = '1';
  readonly made: (DialEvents & { asked: string[]; isClosed: boolean; expires: boolean })[] = [];

  readonly dial: PoolOptions['dial'] = async events => {
    events.signal.throwIfAborted();
    if (this.fails) throw new Fault('upstream_unavailable', { hint: 'it is down' });
    const made = { ...events, asked: [] as string[], isClosed: false, expires: false };
    this.made.push(made);
    const connection: Connection = {
      serverInfo: {
        revision: '2025-11-25',
        implementation: { version: this.version },
        capabilities: { tools: {}, logging: {} },
      },
      keepsState: this.keepsState,
      listeningSince: this.isListening ? Date.now() : undefined,
      async request(method, params) {
        if (made.expires) throw new SessionExpired(() => resultAnswer({}));
        made.asked.push(method === 'logging/setLevel' ? `level ${params?.level}` : method);
        return resultAnswer({});
      },
      async close() {
        made.isClosed = true;
      },
      release: () => connection.close(),
    };
    return connection;
  };

  /** Which connections got the request. */
  whoGot(method: string): number[] {
    return this.made.flatMap(({ asked }, index) => (asked.includes(method) ? [index] : []));
  }

  get open(): number {
    return this.made.filter(({ isClosed }) => !isClosed).length;
  }
}

const minute = { ms: 60_000, setting: 'limits.request_timeout_ms' };
const times = { idle: minute, whole: minute };
let server: FakeServer;
const opened: AsyncDisposable[] = [];
const counts: number[] = [];

function open(options: Partial<PoolOptions> = {}): ConnectionPool {
  const pool = new ConnectionPool({
    ...{ id: 'fake', dial: server.dial, isShared: false, maxConnections: 2, idleMs: 600_000, times },
    ...{ log: silentLog(), onCount: count => void counts.push(count), ...options },
  });
  opened.push(pool);
  return pool;
}

beforeEach(() => {
  vi.useFakeTimers();
  server = new FakeServer();
  counts.length = 0;
});
afterEach(async () => {
  for (const each of opened.splice(0)) await each[Symbol.asyncDispose]();
  vi.useRealTimers();
});

it('gives each client a connection of its own, the first one that of the start [UP-30]', async () => {
  const pool = open();
  await pool.start();
  const [first, second] = [pool.open(), pool.open()];
  expect(server.made).toHaveLength(1);
  await first.request('one');
  await second.request('two');
  expect([server.whoGot('one'), server.whoGot('two')]).toEqual([[0], [1]]);
  expect(pool.common).toBeUndefined();
});

it('lets two requests of one client share the attempt to connect', async () => {
  const pool = open();
  await pool.start();
  await pool.open().request('first');
  const client = pool.open();
  await Promise.all([client.request('one'), client.request('two'), client.start()]);
  expect([server.whoGot('one'), server.whoGot('two'), server.made.length]).toEqual([[1], [1], 2]);
});

it('lets a client that comes while the start connects use what it makes', async () => {
  const pool = open();
  await Promise.all([pool.start(), pool.open().request('one')]);
  expect(server.made).toHaveLength(1);
});

it.each([
  { what: 'a server that gave no session', keepsState: false, isShared: false },
  { what: 'a shared upstream', keepsState: true, isShared: true },
])('lets all clients of $what use one connection [UP-31]', async ({ keepsState, isShared }) => {
  server.keepsState = keepsState;
  const pool = open({ isShared, maxConnections: 1 });
  const clients = Array.from({ length: 20 }, () => pool.open());
  await Promise.all(clients.map(client => client.request('one')));
  expect(server.made).toHaveLength(1);
  await pool.common?.request('two');
  await Promise.all(clients.map(client => client[Symbol.asyncDispose]()));
  expect([server.whoGot('two'), server.open]).toEqual([[0], 1]);
});

it('gives each client its own from when on the server keeps sessions', async () => {
  server.keepsState = false;
  const pool = open();
  const [first, second] = [pool.open(), pool.open()];
  await Promise.all([first.request('one'), second.request('one')]);
  const { common } = pool;
  server.keepsState = true;
  server.made[0]?.onLost();
  await first.request('two');
  await second.request('three');
  expect([server.whoGot('two'), server.whoGot('three')]).toEqual([[1], [2]]);
  await expect(common?.request('four')).rejects.toMatchObject({ code: 'upstream_closed' });
  expect(pool.common).toBeUndefined();
});

it('refuses a client too many by the name of the setting, until another one goes [UP-32]', async () => {
  const pool = open();
  const [first, second, third] = [pool.open(), pool.open(), pool.open()];
  await first.request('one');
  await second.request('one');
  const refusal = { code: 'overloaded', hint: expect.stringContaining('`max_connections`') };
  await expect(third.request('one')).rejects.toMatchObject(refusal);
  expect(() => pool.checkRoom()).toThrow(expect.objectContaining(refusal));
  await first[Symbol.asyncDispose]();
  expect(() => pool.checkRoom()).not.toThrow();
  await third.request('one');
  expect([server.made.length, server.open]).toEqual([3, 2]);
  expect(counts.at(-1)).toBe(2);
});

it('ends a connection that was not used for the idle time, and makes another when it is [UP-33]', async () => {
  const pool = open({ idleMs: 60_000 });
  const client = pool.open(() => true);
  const received: string[] = [];
  client.subscribe(({ method }) => received.push(method));
  await client.request('one');
  received.length = 0;
  await vi.advanceTimersByTimeAsync(50_000);
  await client.request('two');
  await vi.advanceTimersByTimeAsync(50_000);
  expect(server.open).toBe(1);
  await vi.advanceTimersByTimeAsync(30_000);
  expect([server.open, counts.at(-1), pool.ready, received]).toEqual([0, 0, true, []]);
  await client.request('three');
  expect(server.whoGot('three')).toEqual([1]);
  expect(received).toEqual(['notifications/tools/list_changed']);
});

it('has the client that was away longest make room after a minute, but for those that listen [UP-33]', async () => {
  const pool = open();
  const [listening, away] = [pool.open(() => true), pool.open()];
  await listening.request('one');
  await away.request('one');
  await vi.advanceTimersByTimeAsync(59_000);
  await expect(pool.open().request('one')).rejects.toMatchObject({ code: 'overloaded' });
  await vi.advanceTimersByTimeAsync(2_000);
  await pool.open().request('two');
  expect(server.made.map(({ isClosed }) => isClosed)).toEqual([false, true, false]);
});

it('keeps the connection of the start until someone uses it', async () => {
  const pool = open({ idleMs: 1_000 });
  await pool.start();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(server.open).toBe(1);
});

it('keeps one connection for the next client, however often clients begin', async () => {
  const pool = open();
  for (let count = 0; count < 5; count += 1) {
    await pool.start();
    await vi.advanceTimersByTimeAsync(61_000);
  }
  expect([server.made.length, server.open]).toEqual([5, 1]);
  await pool.open().request('one');
  expect(server.whoGot('one')).toEqual([4]);
});

it('holds a failure to connect against the server, and a lost connection against its client [UP-34]', async () => {
  const pool = open({ maxConnections: 9 });
  await pool.start();
  const [honest, other] = [pool.open(), pool.open()];
  await honest.request('one');
  const connections = () => server.made.length;
  for (let round = 0; round < 5; round += 1) {
    const connecting = other.start().catch(() => {});
    await vi.advanceTimersByTimeAsync(5_000);
    await connecting;
    server.made.at(-1)?.onLost();
  }
  const before = connections();
  await expect(other.request('two')).rejects.toMatchObject({ code: 'upstream_unavailable' });
  await pool.open().request('three');
  expect([connections(), server.whoGot('three')]).toEqual([before + 1, [before]]);

  server.fails = true;
  for (let round = 0; round < 6; round += 1) {
    const failing = pool
      .open()
      .start()
      .catch(() => {});
    await vi.advanceTimersByTimeAsync(1_000);
    await failing;
  }
  expect(pool.ready).toBe(false);
  await expect(pool.open().start()).rejects.toMatchObject({
    code: 'upstream_unavailable',
    hint: expect.stringContaining('times in a row'),
  });
});

it('reports why the server cannot be reached before the time of a request is over [UP-34]', async () => {
  server.fails = true;
  const pool = open();
  for (const ms of [600, 600, 0]) {
    const failing = pool.start().catch(() => {});
    await vi.advanceTimersByTimeAsync(ms);
    await failing;
  }
  // The next attempt comes in half a second, which is longer than the request may take.
  const settled = vi.fn();
  pool.open().request('one', {}, { timeoutMs: 200 }).catch(settled);
  await vi.advanceTimersByTimeAsync(99);
  expect(settled).not.toHaveBeenCalled();
  await vi.advanceTimersByTimeAsync(1);
  expect(settled).toHaveBeenCalledWith(
    expect.objectContaining({ code: 'upstream_unavailable', details: { hint: 'it is down' } }),
  );
});

it('is ready while the server could be reached, however many clients lost their connections', async () => {
  const pool = open();
  await pool.start();
  const [first, second] = [pool.open(), pool.open()];
  await first.request('one');
  await second.request('one');
  server.made[0]?.onLost();
  expect(pool.ready).toBe(true);
  server.made[1]?.onLost();
  expect(pool.ready).toBe(false);
  await pool.start();
  expect(pool.ready).toBe(true);
});

it('notifies a client that asked in vain as soon as the server can be reached', async () => {
  const pool = open();
  server.fails = true;
  const client = pool.open();
  const received: string[] = [];
  client.subscribe(({ method }) => received.push(method));
  await expect(client.request('one')).rejects.toThrow();
  server.fails = false;
  await pool.open().request('one');
  expect(received).toEqual(['notifications/tools/list_changed']);
  await client.request('two');
  expect(received).toHaveLength(1);
});

it('renews an expired session of one client, and leaves that of another', async () => {
  const pool = open();
  const [first, second] = [pool.open(), pool.open()];
  await first.request('one');
  await second.request('one');
  const [of1] = server.made;
  if (of1) of1.expires = true;
  await first.request('two');
  await second.request('three');
  expect([server.whoGot('two'), server.whoGot('three'), server.open]).toEqual([[2], [1], 2]);
});

it('ends a connection that was made for a client that has left', async () => {
  const pool = open();
  await pool.start();
  await pool.open().request('one');
  const client = pool.open();
  const asked = client.request('two').catch(() => {});
  await client[Symbol.asyncDispose]();
  await asked;
  await vi.advanceTimersByTimeAsync(10);
  expect([server.whoGot('two'), server.open]).toEqual([[], 1]);
});

it('sends each client’s level on its own connection, and again on the next one [UP-35]', async () => {
  const pool = open();
  const [curious, quiet] = [pool.open(), pool.open()];
  await curious.request('one');
  await curious.setLogLevel('debug');
  await quiet.setLogLevel('error');
  await quiet.request('one');
  expect(server.made.map(({ asked }) => asked)).toEqual([
    ['one', 'level debug'],
    ['level error', 'one'],
  ]);
  server.made[0]?.onLost();
  await curious.request('two');
  expect(server.made.at(-1)?.asked).toEqual(['level debug', 'two']);
});

it('sends the most verbose level on a common connection, again on the next one, and less when it is no longer wanted [UP-35]', async () => {
  const pool = open({ isShared: true });
  const [curious, quiet, silent] = [pool.open(), pool.open(), pool.open()];
  for (const client of [curious, quiet, silent]) await client.request('one');
  await quiet.setLogLevel('error');
  await curious.setLogLevel('debug');
  await quiet.setLogLevel('warning');
  expect(server.made[0]?.asked.slice(3)).toEqual(['level error', 'level debug']);
  server.made[0]?.onLost();
  await quiet.request('two');
  await curious.request('two');
  expect(server.made[1]?.asked).toEqual(['level debug', 'two', 'two']);
  await curious[Symbol.asyncDispose]();
  await vi.advanceTimersByTimeAsync(1);
  await quiet[Symbol.asyncDispose]();
  await vi.advanceTimersByTimeAsync(1);
  expect(server.made[1]?.asked.slice(3)).toEqual(['level warning', 'level info']);
});

it('warns of a shared upstream when it is made [UP-31]', async () => {
  const lines: { level: number; msg: string; upstream: string }[] = [];
  const log = createLog('info', { write: text => void lines.push(JSON.parse(text)) });
  const stdio = { command: 'true' };
  await createUpstreamPool({ id: 'ours', stdio, connections: 'shared' }, { log })[Symbol.asyncDispose]();
  await createUpstreamPool({ id: 'mine', stdio }, { log })[Symbol.asyncDispose]();
  expect(lines).toMatchObject([{ level: 40, upstream: 'ours', msg: expect.stringContaining('all clients') }]);
});

describe('what a server offers', () => {
  it.each([
    { keepsState: true, isListening: true, made: 1 },
    { keepsState: true, isListening: false, made: 2 },
    { keepsState: false, isListening: false, made: 2 },
  ])(
    'is asked again after a minute when it keeps sessions: $keepsState, and listens: $isListening [UP-39]',
    async row => {
      Object.assign(server, { keepsState: row.keepsState, isListening: row.isListening });
      const pool = open();
      await pool.start();
      await pool.start();
      await vi.advanceTimersByTimeAsync(59_000);
      await pool.start();
      expect(server.made).toHaveLength(1);
      await vi.advanceTimersByTimeAsync(1_000);
      server.version = '2';
      await Promise.all([pool.start(), pool.start()]);
      expect([server.made.length, pool.serverInfo?.implementation]).toEqual([row.made, { version: `${row.made}` }]);
    },
  );

  it('takes the place of the connection that all use only where it is something else [UP-39]', async () => {
    server.keepsState = false;
    const pool = open();
    await pool.start();
    const client = pool.open(() => true);
    const received: string[] = [];
    client.subscribe(({ method }) => received.push(method));
    await vi.advanceTimersByTimeAsync(60_000);
    await pool.start();
    await client.request('one');
    expect([server.whoGot('one'), server.open, received]).toEqual([[0], 1, []]);
    await vi.advanceTimersByTimeAsync(60_000);
    server.version = '2';
    await pool.start();
    await client.request('two');
    expect([server.whoGot('two'), server.open]).toEqual([[2], 1]);
    expect(received).toEqual(['notifications/tools/list_changed']);
    expect(client.serverInfo?.implementation).toEqual({ version: '2' });
  });

  it('is not known where the server cannot be reached any more', async () => {
    const pool = open();
    await pool.start();
    await vi.advanceTimersByTimeAsync(60_000);
    server.fails = true;
    await expect(pool.start()).rejects.toMatchObject({ code: 'upstream_unavailable' });
    expect(pool.ready).toBe(false);
  });
});

it.each([true, false])(
  '[UP-92] is used as long as it has clients, also if they share lists: stateful %s',
  async state => {
    server.keepsState = state;
    const pool = open();
    await pool.start();
    expect([pool.common === undefined, pool.isUsed]).toEqual([state, false]);
    const client = pool.open(() => true);
    expect(pool.isUsed).toBe(true);
    await client[Symbol.asyncDispose]();
    expect(pool.isUsed).toBe(false);
  },
);
