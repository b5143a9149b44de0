import { describe, expect, it } from 'vitest';
import { Fault } from '../../core/fault.ts';
import { resultAnswer } from '../../mcp/answer.ts';
import { markUnsent } from '../unsent.ts';
import type { RequestOptions, Upstream, UpstreamPool } from '../upstream.ts';
import { Instance } from './instance.ts';
import { InstancedUpstream } from './instanced-upstream.ts';

type Answers = (method: string) => void;

const checks = { failures: 3, successes: 2, intervalMs: 60_000, timeoutMs: 1_000 };

/** An upstream of instances that answer with their name, or throw. */
function open(
  behaviours: Readonly<Record<string, Answers>>,
  { stateless = true, sessionLost = 'end' as const, now = () => performance.now() } = {},
) {
  const asked: string[] = [];
  const lost = new Map<string, () => void>();
  const instances = Object.entries(behaviours).map(([id, answers]) => {
    const upstream = {
      ...{ id, ready: true, listeningSince: undefined, serverInfo: undefined, subscribe: () => () => {} },
      async start() {},
      async setLogLevel() {},
      async request(method: string) {
        asked.push(id);
        answers(method);
        return resultAnswer({ by: id });
      },
      async [Symbol.asyncDispose]() {},
    } satisfies Upstream;
    const pool = {
      ...{ common: stateless ? upstream : undefined, open: () => upstream },
      async [Symbol.asyncDispose]() {},
    } as unknown as UpstreamPool;
    const events = { onHealth() {}, onRequest() {} };
    return new Instance({ id, url: new URL(`http://${id}.example/mcp`), weight: 1, pool, checks, events, now });
  });
  const failovers: string[] = [];
  const upstream = new InstancedUpstream(
    {
      ...{ id: 'up', instances, sessionLost, retryMs: 5_000, onClose() {}, onFailover: to => failovers.push(to.id) },
      open(instance, onSessionLost) {
        lost.set(instance.id, onSessionLost);
        return instance.pool.open();
      },
    },
    undefined,
  );
  const request = async (method = 'tools/call', options: RequestOptions = {}) =>
    (await upstream.request(method, {}, options)).result;
  return { upstream, instances, asked, failovers, lost, request };
}

const fine: Answers = () => {};
const broken =
  (
    code: 'upstream_unavailable' | 'upstream_closed' | 'upstream_auth_failed' | 'overloaded' | 'upstream_timeout',
    isSent: boolean,
  ) =>
  () => {
    const fault = new Fault(code, { upstream: 'up' });
    if (!isSent) markUnsent(fault);
    throw fault;
  };

describe('a request that one instance does not answer [UP-71]', () => {
  it.each([
    { what: 'nothing of it was sent', code: 'upstream_unavailable', isSent: false, goesOn: true },
    { what: 'the instance is full', code: 'overloaded', isSent: false, goesOn: true },
    { what: 'connecting took too long', code: 'upstream_timeout', isSent: false, goesOn: true },
    { what: 'it may have been executed', code: 'upstream_closed', isSent: true, goesOn: false },
    { what: 'it was too slow', code: 'upstream_timeout', isSent: true, goesOn: false },
    { what: 'there are no credentials', code: 'upstream_auth_failed', isSent: false, goesOn: false },
  ] as const)('goes to another one, if $what: $goesOn', async ({ code, isSent, goesOn }) => {
    const { request, asked, failovers } = open({ a: broken(code, isSent), b: fine });
    if (goesOn) expect(await request()).toEqual({ by: 'b' });
    else await expect(request()).rejects.toMatchObject({ code });
    expect([asked, failovers]).toEqual(goesOn ? [['a', 'b'], ['b']] : [['a'], []]);
  });

  it.each([
    { method: 'tools/call', isRepeatable: async () => true, goesOn: true },
    { method: 'tools/call', isRepeatable: async () => false, goesOn: false },
    { method: 'tools/call', isRepeatable: undefined, goesOn: false },
    { method: 'tools/list', isRepeatable: undefined, goesOn: true },
    { method: 'resources/read', isRepeatable: undefined, goesOn: true },
  ])('goes to another one after it was sent, if it may be repeated: $method, $goesOn', async row => {
    const { method, isRepeatable, goesOn } = row;
    const { request } = open({ a: broken('upstream_closed', true), b: fine });
    if (goesOn) expect(await request(method, { isRepeatable })).toEqual({ by: 'b' });
    else await expect(request(method, { isRepeatable })).rejects.toMatchObject({ code: 'upstream_closed' });
  });

  it('goes nowhere once its caller has cancelled it', async () => {
    const leaving = new AbortController();
    const { request, asked } = open({
      a: () => {
        leaving.abort(new Error('left'));
        broken('upstream_unavailable', false)();
      },
      b: fine,
    });
    await expect(request('tools/list', { signal: leaving.signal })).rejects.toThrow();
    expect(asked).toEqual(['a']);
  });

  it('is refused with a time to wait when no instance is left, each of which was tried once [UP-72]', async () => {
    const down = broken('upstream_unavailable', false);
    const { request, asked } = open({ a: down, b: down, c: down });
    await expect(request()).rejects.toMatchObject({
      code: 'upstream_unavailable',
      details: { upstream: 'up', retry_after_ms: 5_000 },
    });
    expect(asked.toSorted()).toEqual(['a', 'b', 'c']);
  });
});

describe('a header of a plugin [UP-75]', () => {
  it('is sent only to the instance that it was decided for, however little that has to do', async () => {
    const { request } = open({ a: fine, b: fine, c: fine });
    for (let count = 0; count < 5; count += 1) {
      const options = { headers: [['x-key', 'secret']] as const, headersFor: new URL('http://b.example/mcp') };
      expect(await request('tools/call', options)).toEqual({ by: 'b' });
    }
  });

  it('is sent nowhere else when that instance is down', async () => {
    const { request, asked } = open({ a: fine, b: broken('upstream_unavailable', false) });
    const options = { headers: [['x-key', 'secret']] as const, headersFor: new URL('http://b.example/mcp') };
    await expect(request('tools/list', options)).rejects.toMatchObject({ code: 'upstream_unavailable' });
    expect(asked).toEqual(['b']);
  });
});

describe('a session', () => {
  it('stays at its instance, whose load counts it, until it ends [UP-70]', async () => {
    const { request, upstream, instances } = open({ a: fine, b: fine }, { stateless: false });
    for (let count = 0; count < 5; count += 1) expect(await request()).toEqual({ by: 'a' });
    expect(instances.map(({ load }) => load)).toEqual([1, 0]);
    await upstream[Symbol.asyncDispose]();
    expect(instances.map(({ load }) => load)).toEqual([0, 0]);
  });

  it('begins once, however many requests it begins with [UP-70]', async () => {
    const { request, upstream, instances } = open({ a: fine, b: fine }, { stateless: false });
    const answers = await Promise.all([upstream.start(), request(), request('tools/list')]);
    expect(answers.slice(1)).toEqual([{ by: 'a' }, { by: 'a' }]);
    expect(instances.map(({ load }) => load)).toEqual([1, 0]);
  });

  it('begins elsewhere where its first instance cannot be reached [UP-70]', async () => {
    const down = broken('upstream_unavailable', false);
    const { request, instances } = open({ a: down, b: fine, c: fine }, { stateless: false });
    const answers = await Promise.all([request(), request(), request()]);
    expect(answers).toEqual([{ by: 'b' }, { by: 'b' }, { by: 'b' }]);
    expect(instances.map(({ load }) => load)).toEqual([0, 1, 0]);
  });

  it('that its instance lost is over [UP-74]', async () => {
    const { request, lost, instances, asked } = open({ a: fine, b: fine }, { stateless: false });
    await request();
    lost.get('a')?.();
    await expect(request()).rejects.toMatchObject({ code: 'session_unknown' });
    expect([asked, instances.map(({ load }) => load)]).toEqual([['a'], [0, 0]]);
  });
});

describe('an instance that failed [UP-73]', () => {
  it('gets no work again for answers of its sessions while it is checked', async () => {
    const { instances } = open({ a: fine });
    const [instance] = instances;
    instance?.startChecks();
    for (let count = 0; count < 3; count += 1) instance?.failed(new Fault('upstream_closed', { upstream: 'up' }));
    for (let count = 0; count < 100; count += 1) instance?.answered();
    expect(instance?.isHealthy).toBe(false);
    await instance?.[Symbol.asyncDispose]();
  });

  it('gets work again after a while where it is not checked, and none for longer if it fails again', async () => {
    let now = 1_000;
    const { instances, request } = open({ a: fine, b: fine }, { now: () => now });
    const [instance] = instances;
    const fails = () => instance?.failed(new Fault('upstream_closed', { upstream: 'up' }));
    for (let count = 0; count < 3; count += 1) fails();
    for (let count = 0; count < 5; count += 1) expect(await request()).toEqual({ by: 'b' });
    now += 2 * checks.intervalMs;
    expect(instance?.isHealthy).toBe(true);
    fails();
    expect(instance?.isHealthy).toBe(false);
    now += 2 * checks.intervalMs;
    for (let count = 0; count < 4; count += 1) await request();
    expect(instance?.isHealthy).toBe(true);
    now = 0;
    expect(instance?.isHealthy).toBe(true);
  });
});
