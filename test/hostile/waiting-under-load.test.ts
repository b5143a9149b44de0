import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openDnsServer } from '../fixtures/dns-server.ts';
import { jsGuest } from '../fixtures/guest.ts';
import { guestDescriptor } from '../fixtures/guest-descriptor.ts';
import { openBesieged } from '../fixtures/open-besieged.ts';
import { puppet } from '../fixtures/puppet.ts';
import { endure } from '../fixtures/siege.ts';
import { fetchingScript, starlingGuest } from '../fixtures/starling-guest.ts';

const from = (name: string) => `'sallyport:plugin/${name}@0.1.0'`;

/** Guests whose functions wait for the gateway: what they do to it, they do from its own thread. */
const puppets: Readonly<Record<string, { readonly imports: string; readonly functions: string }>> = {
  'uses-kv': {
    imports: `import * as kv from ${from('kv-store')};`,
    functions: `
      'write forever': () => { for (let n = 0n; ; n += 1n) kv.set('key' + n % 10n, bytes(String(n)), undefined); },
      'read forever': () => { for (;;) kv.get('key'); },
      'list forever': () => { for (;;) kv.list('', undefined, 1000); },
      'add forever': () => { for (;;) kv.increment('sum', 1n, undefined); }`,
  },
  'may-ask': {
    imports: `import * as kv from ${from('kv-store')};`,
    functions: `
      add: key => kv.increment(key, 1n, undefined),
      'read forever': () => { for (;;) kv.get('key'); }`,
  },
  resolves: {
    imports: `import { send } from ${from('outbound-http')};`,
    functions: `send: url => send({ method: 'GET', url, headers: [] }).status`,
  },
  recurses: {
    imports: `import { call } from ${from('tool-call')};`,
    functions: `
      again: (tool, next) => call(tool, JSON.stringify({ recurses: [['again', next, tool]] })),
      many: () => { for (;;) call('echo', '{}'); }`,
  },
  names: {
    imports: `
      import * as kv from ${from('kv-store')};
      import { count } from ${from('metrics')};
      import { get as header } from ${from('request-headers')};
      import { get as claim } from ${from('identity-claims')};
      import { call } from ${from('tool-call')};`,
    functions: `
      header, claim, count, call, get: kv.get, list: () => kv.list('', undefined, 100),
      set: key => kv.set(key, bytes(key), undefined)`,
  },
};

const vicious = ['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'prototype', 'valueOf'];

describe('while a plugin that waits attacks', () => {
  const opened = new AsyncDisposableStack();
  let besieged: Awaited<ReturnType<typeof openBesieged>>;
  let origin = '';
  let reached = 0;

  beforeAll(async () => {
    const folder = mkdtempSync(join(tmpdir(), 'sallyport-waiting-'));
    opened.defer(() => rmSync(folder, { recursive: true }));
    const silent = createServer((_request, response) => {
      reached += 1;
      response.on('error', () => {});
    });
    await new Promise<void>(resolve => silent.listen(0, '127.0.0.1', resolve));
    opened.defer(() => {
      silent.closeAllConnections();
      silent.close();
    });
    const { port } = silent.address() as AddressInfo;
    origin = `http://127.0.0.1:${port}`;
    const zone = {
      'never.example.test': { late: 'never', records: [] },
      'late.example.test': { late: 600, records: ['127.0.0.1'] },
    } as const;
    const dns = opened.use(await openDnsServer(zone));

    const kv_store = {};
    const outbound_http = { allow: [origin], allow_private: ['127.0.0.1/32'], timeout_ms: 60_000 };
    const grants: Readonly<Record<string, Record<string, unknown>>> = {
      'uses-kv': { kv_store },
      'may-ask': { kv_store },
      resolves: {
        outbound_http: {
          ...outbound_http,
          allow: Object.keys(zone).map(name => `http://${name}:${port}`),
          ...{ dns: [dns.address], timeout_ms: 300, requests_per_minute: 100_000 },
        },
      },
      recurses: { tool_call: { tools: ['echo', 'odd'], max_depth: 8, max_calls: 50 } },
      names: {
        kv_store,
        metrics: {},
        request_headers: { names: ['__proto__', 'constructor', 'prototype'] },
        identity_claims: { names: vicious },
        tool_call: { tools: [{ name: '*', any_tool: true }] },
      },
    };
    const endless = { timeoutMs: 200, hostCalls: 1_000_000 };
    const limits: Readonly<Record<string, object>> = { 'uses-kv': endless };
    const guests = await Promise.all(
      Object.entries(puppets).map(async ([id, { imports, functions }]) => {
        const required_capabilities = Object.keys(grants[id] ?? {});
        const descriptor = guestDescriptor(id, { hooks: ['tool_pre_invoke'], required_capabilities });
        const bytes = await jsGuest(descriptor, puppet(id, imports, functions));
        return [id, { bytes, grants: grants[id] ?? {}, limits: limits[id] ?? {} }] as const;
      }),
    );
    const asks = { hooks: ['tool_pre_invoke'], required_capabilities: ['outbound_http', 'clock', 'random'] };
    const starling = {
      bytes: await starlingGuest(guestDescriptor('starling', asks), fetchingScript),
      grants: { outbound_http, clock: {}, random: {} },
      limits: { timeoutMs: 500, startMs: 60_000 },
    };
    besieged = opened.use(
      await openBesieged({
        guests: { ...Object.fromEntries(guests), starling },
        bindings: {
          ...Object.fromEntries(Object.keys(puppets).map(id => [id, { plugins: [id] }])),
          starling: { plugins: ['starling'] },
          ...Object.fromEntries(vicious.map(tenant => [`names-${tenant}`, { plugins: ['names'], tenant }])),
          claims: { plugins: ['names'], claims: JSON.parse('{"email":"a@b","__proto__":"mine"}') },
        },
        kvPath: join(folder, 'kv.sqlite'),
      }),
    );
  }, 300_000);
  afterAll(() => opened.disposeAsync());

  const failed = (plugin: string, cause: string) => ({
    ...{ code: 'plugin_failed', plugin, details: { cause: expect.stringMatching(`^(${cause})$`) } },
  });

  it.each([
    { attack: 'loop', cause: 'timeout' },
    { attack: 'never rest', cause: 'timeout' },
    { attack: 'wait for nothing', cause: 'timeout|trap' },
    { attack: 'hog', cause: 'trap|timeout|limit' },
    { attack: 'dive', cause: 'trap' },
    { attack: 'fetch what never comes', cause: 'timeout' },
  ])('[SBX-73] honest clients lose nothing to a StarlingMonkey guest: $attack', async ({ attack, cause }) => {
    await using strings = await besieged.strings('starling');
    await endure(besieged.load, async () => {
      const args = attack.startsWith('fetch') ? { url: `${origin}/` } : { attack };
      expect(await strings.call(args)).toMatchObject(failed('starling', cause));
      // A core that a guest uses up for so long is lost to all: what is asked is that it comes back.
      await delay(400);
    });
    if (attack.startsWith('fetch')) expect(reached).toBeGreaterThan(0);
  });

  it.each([
    { plugin: 'uses-kv', task: 'write forever', cause: 'timeout' },
    { plugin: 'uses-kv', task: 'read forever', cause: 'timeout' },
    { plugin: 'uses-kv', task: 'list forever', cause: 'timeout' },
    { plugin: 'uses-kv', task: 'add forever', cause: 'timeout' },
    { plugin: 'may-ask', task: 'read forever', cause: 'limit' },
  ])('[SBX-74] honest clients lose nothing when $plugin uses the store so: $task', async ({ plugin, task, cause }) => {
    await using strings = await besieged.strings(plugin);
    await endure(besieged.load, async () => {
      expect(await strings.pull(plugin, [[task]])).toMatchObject(failed(plugin, cause));
      await delay(200);
    });
  });

  it('[SBX-74] every addition to one key counts once, and honest clients lose nothing to many of them', async () => {
    await using strings = await besieged.strings('may-ask');
    let asked = 0;
    await endure(besieged.load, async () => {
      const sums = await Promise.all(Array.from({ length: 16 }, () => strings.pull('may-ask', [['add', 'many']])));
      asked += 16;
      expect(Math.max(...sums.flat().map(Number))).toBe(asked);
    });
  });

  it.each(['never', 'late'])('[SBX-75] honest clients lose nothing to a name that is answered %s', async when => {
    await using strings = await besieged.strings('resolves');
    const before = reached;
    const url = `http://${when}.example.test:${new URL(origin).port}/`;
    const timedOut = [{ error: { tag: 'timeout' } }];
    await endure(besieged.load, async () => {
      const said = await Promise.all([1, 2, 3].map(() => strings.pull('resolves', [['send', url]])));
      // The resolver itself would continue for six seconds.
      expect(said).toEqual([timedOut, timedOut, timedOut]);
      expect(besieged.audited()).toContainEqual(
        expect.objectContaining({
          details: { what: expect.stringContaining('no answer within'), reason: 'over_limit' },
        }),
      );
    });
    // The late address has come by now.
    await delay(700);
    expect(reached).toBe(before);
  });

  it.each([
    { what: 'calls itself without end', task: ['again', 'echo', 'echo'], said: 'is already calling' },
    { what: 'calls itself by two tools in turn', task: ['again', 'echo', 'odd'], said: 'is already calling' },
    { what: 'calls as often as it may', task: ['many'], said: 'more than 50 calls' },
  ] as const)('[CAP-92] honest clients lose nothing when a plugin $what', async ({ task, said }) => {
    await using strings = await besieged.strings('recurses');
    await endure(besieged.load, async () => {
      expect(JSON.stringify(await strings.pull('recurses', [task]))).toContain(said);
    });
  });

  it('[CAP-93] names that lead to prototypes find nothing that was not put there', async () => {
    const open = async (binding: string) => opened.use(await besieged.strings(binding));
    const tenants = await Promise.all(vicious.map(tenant => open(`names-${tenant}`)));
    const [plain, claims] = [await open('names'), await open('claims')];
    const ask = (strings: typeof plain, name: string) =>
      strings.pull(
        'names',
        vicious.map(each => [name, each]),
      );
    const none = vicious.map(() => null);
    const own = vicious.map(each => (each === '__proto__' ? '"mine"' : null));
    await endure(besieged.load, async () => {
      expect(await ask(plain, 'header')).toEqual(none);
      expect(await ask(plain, 'claim')).toEqual(none);
      expect(await ask(claims, 'claim')).toEqual(own);
      expect(await ask(plain, 'get')).toEqual(none);
    });
    for (const [n, strings] of tenants.entries()) {
      expect(await ask(strings, 'get')).toEqual(none);
      await strings.pull('names', [['set', vicious[n]]]);
      expect(await strings.pull('names', [['list']])).toEqual([[vicious[n]]]);
    }
    expect(await plain.pull('names', [['list']])).toEqual([[]]);
    for (const name of vicious) {
      const [called] = (await plain.pull('names', [['call', name, '{}']])) as { error?: object }[];
      expect(called).toMatchObject({ error: { tag: expect.stringMatching(/^(failed|not-found)$/) } });
      await plain.pull('names', [['count', name, [], 1]]);
      await plain.pull('names', [['count', 'hits', [[name, name]], 1]]);
    }
    const metrics = (await besieged.metrics()).split('\n').filter(line => line.startsWith('plugin_'));
    expect(metrics.toSorted()).toEqual([
      'plugin_constructor_total{plugin="names"} 1',
      'plugin_hits_total{plugin="names",constructor="constructor"} 1',
      'plugin_hits_total{plugin="names",prototype="prototype"} 1',
      'plugin_prototype_total{plugin="names"} 1',
    ]);
    expect({}).not.toHaveProperty('polluted');
  });
});
