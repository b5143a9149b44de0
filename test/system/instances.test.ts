import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { InstanceProcess } from '../fixtures/instance-process.ts';
import { keep } from '../fixtures/keep.ts';
import { call, openGateway, type Posted, rpc } from '../fixtures/open-gateway.ts';

const names = ['one', 'two', 'three'];
const health = { interval_ms: 200, timeout_ms: 2_000, failures: 2, successes: 2 };

/** A gateway in front of three servers, each a process of its own. */
async function open({ stateless = false, more = {} as object, weights = [1, 1, 1] } = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'sallyport-instances-'));
  const log = join(folder, 'calls');
  await writeFile(log, '');
  keep({ [Symbol.asyncDispose]: () => rm(folder, { recursive: true }) });
  const processes = await Promise.all(names.map(name => keep(InstanceProcess.start({ name, log, stateless }))));
  const instances = processes.map(({ name: id, url }, index) => ({ id, url, weight: weights[index] ?? 1 }));
  const http = { url: String(instances[0]?.url), instances, health, ...more };
  const gateway = await keep(
    openGateway([{ id: 'up', http }], { limits: { sessions: 500, concurrent_requests: 500 } }),
  );
  const executed = async () =>
    (await readFile(log, 'utf8')).split('\n').flatMap(line => {
      const [number = '', name = ''] = line.split(' ');
      return name === '' ? [] : [{ number: Number(number), name }];
    });
  const [one, two, three] = processes;
  if (one === undefined || two === undefined || three === undefined) throw new Error('not started');
  return { gateway, executed, processes, one, two, three };
}

const nameIn = ({ body }: Posted): string | undefined => body.result?.content?.[0]?.text;
const codeOf = ({ body }: Posted): string | undefined => body.error?.data?.code;
const counted = <T>(all: readonly T[]) => {
  const counts = new Map<T, number>();
  for (const each of all) counts.set(each, (counts.get(each) ?? 0) + 1);
  return counts;
};

/** Makes calls from several clients at once, and returns their answers by number. */
async function load(clients: number, until: () => boolean, callOnce: (number: number) => Promise<Posted>) {
  const answers: Posted[] = [];
  let next = 0;
  const client = async () => {
    while (!until()) {
      const number = next++;
      answers[number] = await callOnce(number);
    }
  };
  await Promise.all(Array.from({ length: clients }, client));
  return answers;
}

describe('an upstream of three servers without sessions', () => {
  it('loses no call that was not sent, and none twice, when one is killed and restarted under load [UP-70] [UP-71]', async () => {
    const { gateway, executed, two } = await open({ stateless: true });
    const session = await gateway.session();
    let isOver = false;
    const running = load(
      16,
      () => isOver,
      number => gateway.post(call('count', { number }, number), session),
    );
    await delay(700);
    await two.signal('SIGKILL');
    await delay(1_000);
    await two.start();
    // It gets work again.
    const before = counted((await executed()).map(({ name }) => name)).get('two') ?? 0;
    const ofTwo = async () => counted((await executed()).map(({ name }) => name)).get('two');
    await expect.poll(ofTwo, { timeout: 60_000 }).toBeGreaterThan(before + 20);
    isOver = true;
    const answers = await running;
    const done = await executed();
    const failed = answers.filter(answer => nameIn(answer) === undefined);
    // Only calls that the killed server may have executed failed.
    expect(new Set(failed.map(codeOf))).toEqual(failed.length === 0 ? new Set() : new Set(['upstream_closed']));
    expect(failed.length).toBeLessThanOrEqual(16);
    expect(answers.length).toBeGreaterThan(300);
    expect([...counted(done.map(({ number }) => number)).values()].every(times => times === 1)).toBe(true);
    const byName = counted(answers.map(nameIn));
    for (const name of names) expect(byName.get(name)).toBeGreaterThan(20);
    expect(gateway.warnings).toContainEqual(expect.objectContaining({ instance: 'two', upstream: 'up' }));
  });

  it('repeats what may be repeated, and answers everything [UP-71]', async () => {
    const { gateway, two, one } = await open({ stateless: true });
    const session = await gateway.session();
    await gateway.post(rpc('tools/list'), session);
    const calls = Array.from({ length: 30 }, (_, number) =>
      gateway.post(call('again', { number, ms: 500 }, number), session),
    );
    await delay(200);
    await Promise.all([one.signal('SIGKILL'), two.signal('SIGKILL')]);
    expect(counted((await Promise.all(calls)).map(nameIn))).toEqual(new Map([['three', 30]]));
  });

  it('refuses with a time to wait when all are down, and serves again after that [UP-72]', async () => {
    const { gateway, processes, one } = await open({ stateless: true });
    const session = await gateway.session();
    expect(nameIn(await gateway.post(call('count'), session))).toBeDefined();
    await Promise.all(processes.map(each => each.signal('SIGKILL')));
    const refused = await gateway.post(call('count'), session);
    expect(refused.body.error.data).toMatchObject({ code: 'upstream_unavailable', retry_after_ms: 200 });
    expect(refused.headers.get('retry-after')).toBe('1');
    await one.start();
    await expect
      .poll(async () => nameIn(await gateway.post(call('count'), session)), { timeout: 60_000, interval: 200 })
      .toBe('one');
  });

  it('gives one that hangs no more work, until it passes its checks [UP-73]', async () => {
    const { gateway, two } = await open({ stateless: true });
    const session = await gateway.session();
    const metrics = async () => (await fetch(`${gateway.url}/metrics`)).text();
    const healthy = (value: number) => `sallyport_upstream_instance_healthy{upstream="up",instance="two"} ${value}`;
    expect(await metrics()).toContain(healthy(1));
    await two.signal('SIGSTOP');
    await expect.poll(metrics, { timeout: 60_000 }).toContain(healthy(0));
    const answers = await Promise.all(
      Array.from({ length: 30 }, (_, id) => gateway.post(call('count', {}, id), session)),
    );
    expect(new Set(answers.map(nameIn))).toEqual(new Set(['one', 'three']));
    await two.signal('SIGCONT');
    await expect.poll(metrics, { timeout: 60_000 }).toContain(healthy(1));
    expect(await metrics()).toMatch(
      /sallyport_upstream_instance_requests_total\{upstream="up",instance="one",outcome="answered"\} \d+/,
    );
    const again = await Promise.all(
      Array.from({ length: 30 }, (_, id) => gateway.post(call('count', {}, id), session)),
    );
    expect(counted(again.map(nameIn)).get('two')).toBeGreaterThan(5);
  });

  it('gives work by weight, and none to one without weight [UP-70]', async () => {
    const { gateway, executed } = await open({ stateless: true, weights: [3, 1, 0] });
    const session = await gateway.session();
    for (let number = 0; number < 40; number += 1) await gateway.post(call('count', { number }, number), session);
    expect(counted((await executed()).map(({ name }) => name))).toEqual(
      new Map([
        ['one', 30],
        ['two', 10],
      ]),
    );
  });
});

describe('an upstream of three servers with sessions', () => {
  it('keeps a session at its server, and spreads sessions evenly [UP-70]', async () => {
    const { gateway } = await open();
    const sessions = await Promise.all(Array.from({ length: 12 }, () => gateway.session()));
    const found = [];
    for (const session of sessions) {
      const own = [];
      for (let count = 0; count < 3; count += 1) own.push(nameIn(await gateway.post(call('count'), session)));
      expect(new Set(own).size).toBe(1);
      found.push(own[0]);
    }
    expect([...counted(found).values()].every(count => count === 4)).toBe(true);
  });

  it('ends a session with its server, and the next one is at another [UP-74]', async () => {
    const { gateway, processes } = await open();
    const session = await gateway.session();
    const other = await gateway.session();
    const name = nameIn(await gateway.post(call('count'), session));
    const otherName = nameIn(await gateway.post(call('count'), other));
    expect(otherName).not.toBe(name);
    await processes.find(each => each.name === name)?.signal('SIGKILL');
    const lost = await gateway.post(call('count'), session);
    expect([lost.status, codeOf(lost)]).toEqual([404, 'session_unknown']);
    expect([(await gateway.post(rpc('ping'), session)).status]).toEqual([404]);
    expect(nameIn(await gateway.post(call('count'), other))).toBe(otherName);
    const next = await gateway.session();
    expect([nameIn(await gateway.post(call('count'), next))]).not.toEqual([name]);
  });

  it('continues a session at another server where the operator wants that [UP-74]', async () => {
    const { gateway, processes } = await open({ more: { session_lost: 'reconnect' } });
    const session = await gateway.session();
    const name = nameIn(await gateway.post(call('count'), session));
    await processes.find(each => each.name === name)?.signal('SIGKILL');
    const moved = nameIn(await gateway.post(call('count'), session));
    expect(names.filter(each => each !== name)).toContain(moved);
    expect(nameIn(await gateway.post(call('count'), session))).toBe(moved);
  });

  it('loses no call under load but those that a killed server may have executed [UP-70] [UP-74]', async () => {
    const { gateway, executed, two } = await open();
    let isOver = false;
    const sessions = new Map<number, Record<string, string>>();
    let ended = 0;
    /** A client begins another session when its own is over, and sends the call again. */
    const callIn = async (client: number, number: number): Promise<Posted> => {
      const session = sessions.get(client) ?? (await gateway.session());
      sessions.set(client, session);
      const answer = await gateway.post(call('count', { number }, number), session);
      if (answer.status !== 404) return answer;
      ended += 1;
      sessions.delete(client);
      return callIn(client, number);
    };
    const clients = 15;
    const running = load(
      clients,
      () => isOver,
      number => callIn(number % clients, number),
    );
    const patience = { timeout: 60_000 };
    await expect.poll(() => sessions.size, patience).toBe(clients);
    await delay(500);
    await two.signal('SIGKILL');
    await expect.poll(() => ended, patience).toBeGreaterThan(0);
    await delay(500);
    await two.start();
    await delay(1_500);
    isOver = true;
    const answers = await running;
    const failed = answers.filter(answer => nameIn(answer) === undefined);
    expect(failed.map(codeOf).filter(code => code !== 'upstream_closed')).toEqual([]);
    expect(failed.length).toBeLessThanOrEqual(clients);
    expect(ended).toBeGreaterThan(0);
    const runs = counted((await executed()).map(({ number }) => number));
    expect([...runs.values()].filter(times => times !== 1)).toEqual([]);
  });
});
