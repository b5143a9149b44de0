import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { openFacilities } from '../../host/src/capability/open-facilities.ts';
import { silentLog } from '../../host/src/core/log.ts';
import { type DoingGuest, openDoingGuest } from '../fixtures/doing-guest.ts';

const folder = mkdtempSync(join(tmpdir(), 'sallyport-capability-'));
afterAll(() => rmSync(folder, { recursive: true }));
const tokenFile = join(folder, 'token');

type Given = Omit<DoingGuest, 'secrets'>;

/** A guest with two secrets. */
async function open(given: Given) {
  writeFileSync(tokenFile, 'first-value\n');
  process.env.SALLYPORT_TEST_SECRET = 'of the environment';
  return openDoingGuest({
    ...given,
    secrets: [
      { name: 'token', file: tokenFile },
      { name: 'word', env: 'SALLYPORT_TEST_SECRET' },
    ],
  });
}

describe('kv_store', () => {
  const imports = `
    import * as kv from 'sallyport:plugin/kv-store@0.1.0';
    const f = {
      get: kv.get, del: kv.delete, list: kv.list,
      set: (key, value, ttl) => kv.set(key, bytes(value), ttl),
      swap: (key, expected, value) => kv.compareAndSet(key, expected === null ? undefined : bytes(expected), bytes(value), undefined),
      add: (key, by, ttl) => kv.increment(key, by, ttl),
    };`;
  const asks = { required_capabilities: ['kv_store'] };
  const grants = { kv_store: { max_keys: 3, max_bytes: 100, max_value_bytes: 20 } };

  it('[CAP-40] reaches a guest, and outlives the call', async () => {
    await using guest = await open({ imports, asks, grants });
    expect(
      await guest.run([
        ['get', 'a'],
        ['set', 'a', 'one'],
        ['get', 'a'],
        ['swap', 'a', 'one', 'two'],
        ['swap', 'a', null, 'x'],
      ]),
    ).toEqual([null, null, 'one', true, false]);
    expect(
      await guest.run([
        ['get', 'a'],
        ['add', 'n', 5],
        ['add', 'n', -7],
        ['list', '', undefined, 10],
      ]),
    ).toEqual(['two', 5, -2, ['a', 'n']]);
    expect(
      await guest.run([
        ['del', 'a'],
        ['del', 'a'],
        ['add', 'big', 2 ** 40, 60_000],
      ]),
    ).toEqual([true, false, 2 ** 40]);
  });

  it('[CAP-41] shows a tenant nothing of another', async () => {
    await using guest = await open({ imports, asks, grants });
    await guest.run([['set', 'a', 'mine']], {}, { tenant: 'one' });
    const look = [
      ['get', 'a'],
      ['list', '', undefined, 10],
    ];
    expect(await guest.run(look, {}, { tenant: 'two' })).toEqual([null, []]);
    expect(await guest.run(look)).toEqual([null, []]);
    expect(await guest.run(look, {}, { tenant: 'one' })).toEqual(['mine', ['a']]);
  });

  it('[CAP-44] [CAP-50] is held to its quota, and what is refused is counted and audited', async () => {
    await using guest = await open({ imports, asks, grants });
    const fill = [1, 2, 3, 4].map(index => ['set', `k${index}`, 'x']);
    const quota = (val: string) => ({ error: { tag: 'quota', val } });
    expect(await guest.run(fill)).toEqual([null, null, null, quota('more than 3 keys')]);
    expect(await guest.run([['set', 'k1', 'x'.repeat(21)]])).toEqual([quota('more than 20 bytes in one value')]);
    expect(guest.refusals('kv_store', 'over_limit')).toBe(2);
    const of = { event: 'capability.refused', plugin: 'does', capability: 'kv_store', request: 'r-1' };
    expect(guest.audited()).toMatchObject([
      { ...of, details: { what: 'set: more than 3 keys', reason: 'over_limit' } },
      { ...of, details: { what: 'set: more than 20 bytes in one value', reason: 'over_limit' } },
    ]);
  });

  it.each([
    { what: 'an empty key', task: ['set', '', 'x'] },
    { what: 'a long key', task: ['get', 'é'.repeat(257)] },
    { what: 'an addition to a word', task: ['add', 'word', 1] },
  ])('[CAP-40] calls $what invalid', async ({ task }) => {
    await using guest = await open({ imports, asks, grants });
    const [, answer] = (await guest.run([['set', 'word', 'seven'], task])) as unknown[];
    expect(answer).toMatchObject({ error: { tag: 'invalid' } });
  });

  it('[CAP-50] says denied where it is optional and was not granted', async () => {
    await using guest = await open({ imports, asks: { optional_capabilities: ['kv_store'] } });
    expect(await guest.run([['get', 'a']])).toEqual([{ error: { tag: 'denied', val: 'kv_store was not granted' } }]);
    expect(guest.refusals('kv_store', 'not_granted')).toBe(1);
    expect(guest.audited()).toMatchObject([{ capability: 'kv_store', details: { what: 'get: it was not granted' } }]);
  });
});

describe('outbound_http', () => {
  it('sends no more for a tenant than its limit, which the audit trail shows, and goes on for others [GW-126]', async () => {
    const server = createServer((_, response) => response.end('fine')).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    const imports = `
      import { send } from 'sallyport:plugin/outbound-http@0.1.0';
      const f = {
        send(url) {
          try { return send({ method: 'GET', url, headers: [] }).status; } catch (error) { return error.payload; }
        },
      };`;
    try {
      await using guest = await open({
        imports,
        asks: { required_capabilities: ['outbound_http'] },
        grants: { outbound_http: { allow: [url], allow_private: ['127.0.0.1/32'] } },
        egressLimits: new Map([['greedy', 2]]),
      });
      const twice = [
        ['send', url],
        ['send', url],
      ];
      expect(await guest.run(twice, {}, { tenant: 'greedy' })).toEqual([200, 200]);
      const denied = { tag: 'denied', val: 'more than 2 requests per minute for the tenant' };
      expect(await guest.run(twice, {}, { tenant: 'greedy' })).toEqual([denied, denied]);
      expect(await guest.run(twice, {}, { tenant: 'modest' })).toEqual([200, 200]);
      expect(guest.refusals('outbound_http', 'over_limit')).toBe(2);
    } finally {
      server.close();
    }
  });
});

describe('secret_store', () => {
  const imports = `
    import * as secrets from 'sallyport:plugin/secret-store@0.1.0';
    import { write } from 'sallyport:plugin/log@0.1.0';
    const f = { get: secrets.get, reference: secrets.reference, tell: name => write('info', 'it is ' + secrets.get(name)) };`;
  const asks = { required_capabilities: ['secret_store'] };
  const grants = {
    secret_store: { names: ['token'], references: [{ name: 'word', origins: ['https://api.example.com'] }] },
  };

  it('[CAP-47] gives values by name, read again when the file changes, and no others', async () => {
    await using guest = await open({ imports, asks, grants });
    expect(
      await guest.run([
        ['get', 'token'],
        ['get', 'word'],
        ['reference', 'token'],
        ['get', 'none'],
      ]),
    ).toEqual([
      'first-value',
      { error: { tag: 'denied', val: 'word is not among the names of the grant' } },
      { error: { tag: 'denied', val: 'token is not among the references of the grant' } },
      { error: { tag: 'denied', val: 'none is not among the names of the grant' } },
    ]);
    expect(guest.refusals('secret_store', 'not_allowed')).toBe(3);
    writeFileSync(tokenFile, 'a newer value\n');
    expect(await guest.run([['get', 'token']])).toEqual(['a newer value']);
    rmSync(tokenFile);
    expect(await guest.run([['get', 'token']])).toEqual([
      { error: { tag: 'unavailable', val: 'token has no value for this caller now' } },
    ]);
  });

  it('[CAP-48] gives a placeholder that tells nothing, the same each time', async () => {
    await using guest = await open({ imports, asks, grants });
    const [one, two] = (await guest.run([
      ['reference', 'word'],
      ['reference', 'word'],
    ])) as string[];
    expect(one).toMatch(/^sallyport-secret-[\w-]{32}$/);
    expect(two).toBe(one);
  });

  it('[CAP-49] stands in no log line', async () => {
    await using guest = await open({ imports, asks, grants });
    await guest.run([['tell', 'token']]);
    expect(guest.lines).toMatchObject([{ plugin: 'does', msg: 'it is ***' }]);
  });
});

describe('metrics', () => {
  const imports = `import * as metrics from 'sallyport:plugin/metrics@0.1.0'; const f = { ...metrics, nan: () => metrics.gauge('a', [], NaN) };`;
  const asks = { required_capabilities: ['metrics'] };

  it('[CAP-51] counts, sets and observes, under the name of the plugin', async () => {
    await using guest = await open({ imports, asks, grants: { metrics: { buckets: [1, 10] } } });
    await guest.run([
      ['count', 'hits', [['tool', 'a"b\n']], 2],
      ['count', 'hits', [['tool', 'a"b\n']], 1],
      ['gauge', 'depth', [], 7],
      ['gauge', 'depth', [], -2.5],
      ...[0.5, 5, 50].map(value => [
        'observe',
        'size',
        [
          ['z', '1'],
          ['a', '2'],
        ],
        value,
      ]),
    ]);
    expect(guest.facilities.metrics.text().split('\n')).toEqual(
      expect.arrayContaining([
        '# TYPE plugin_hits_total counter',
        'plugin_hits_total{plugin="does",tool="a\\"b\\n"} 3',
        'plugin_depth{plugin="does"} -2.5',
        '# TYPE plugin_size_histogram histogram',
        'plugin_size_histogram_bucket{plugin="does",a="2",z="1",le="1"} 1',
        'plugin_size_histogram_bucket{plugin="does",a="2",z="1",le="10"} 2',
        'plugin_size_histogram_bucket{plugin="does",a="2",z="1",le="+Inf"} 3',
        'plugin_size_histogram_sum{plugin="does",a="2",z="1"} 55.5',
        'plugin_size_histogram_count{plugin="does",a="2",z="1"} 3',
      ]),
    );
    expect(guest.audited()).toEqual([]);
  });

  it.each([
    { what: 'a name of another family', task: ['count', 'a_total', [], 1] },
    { what: 'a name that is none', task: ['gauge', 'a-b\n', [], 1] },
    { what: 'the label of the host', task: ['count', 'a', [['plugin', 'other']], 1] },
    { what: 'no number', task: ['nan'] },
    { what: 'a counter that goes down', task: ['count', 'a', [], -1] },
    {
      what: 'too many labels',
      task: [
        'count',
        'a',
        [
          ['a', ''],
          ['b', ''],
          ['c', ''],
        ],
        1,
      ],
    },
    { what: 'a long value of a label', task: ['count', 'a', [['a', 'x'.repeat(257)]], 1] },
  ])('[CAP-51] [CAP-50] drops $what, and counts that', async ({ what, task }) => {
    await using guest = await open({ imports, asks, grants: { metrics: { max_labels: 2 } } });
    await guest.run([task]);
    expect(guest.facilities.metrics.text()).not.toContain('plugin_a');
    expect(guest.refusals('metrics', what === 'too many labels' ? 'over_limit' : 'invalid')).toBe(1);
  });

  it('[CAP-51] is held to names and series', async () => {
    await using guest = await open({ imports, asks, grants: { metrics: { max_names: 2, max_series: 3 } } });
    await guest.run(['a', 'b', 'c'].map(name => ['count', name, [], 1]));
    await guest.run(['1', '2', '3'].map(value => ['count', 'a', [['v', value]], 1]));
    const text = guest.facilities.metrics.text();
    expect(text.match(/^plugin_/gm)).toHaveLength(3);
    expect(guest.refusals('metrics', 'over_limit')).toBe(3);
  });

  it('[CAP-51] is silent where it is optional and was not granted', async () => {
    await using guest = await open({ imports, asks: { optional_capabilities: ['metrics'] } });
    expect(await guest.run(Array.from({ length: 120 }, () => ['count', 'a', [], 1]))).toHaveLength(120);
    expect(guest.refusals('metrics', 'not_granted')).toBe(120);
  });
});

describe('audit', () => {
  const imports = `import { write } from 'sallyport:plugin/audit@0.1.0'; const f = { write };`;
  const asks = { required_capabilities: ['audit'] };

  it('[CAP-52] writes events with what they are about', async () => {
    await using guest = await open({ imports, asks, grants: { audit: {} } });
    expect(
      await guest.run(
        [['write', 'email_redacted', '{"count":2,"__proto__":{"a":1}}']],
        {},
        { tenant: 't', subject: 's' },
      ),
    ).toEqual([null]);
    expect(guest.audited()).toMatchObject([
      {
        event: 'plugin.email_redacted',
        plugin: 'does',
        request: 'r-1',
        tenant: 't',
        subject: 's',
        details: { count: 2 },
      },
    ]);
  });

  it('[GW-61] writes numbers as the plugin wrote them', async () => {
    await using guest = await open({ imports, asks, grants: { audit: {} } });
    await guest.run([['write', 'a', '{"id":725653563933458432,"p":1.10}']], {}, { tenant: 't', subject: 's' });
    expect(JSON.stringify(guest.audited())).toContain('"details":{"id":725653563933458432,"p":1.10}');
  });

  it.each([
    { what: 'a name that could be mistaken', task: ['write', 'capability.refused', '{}'] },
    { what: 'details that are no JSON', task: ['write', 'a', '{'] },
    { what: 'details that are no object', task: ['write', 'a', '[1]'] },
    { what: 'details that are too long', task: ['write', 'a', JSON.stringify({ a: 'x'.repeat(100) })] },
  ])('[CAP-52] refuses $what', async ({ task }) => {
    await using guest = await open({ imports, asks, grants: { audit: { max_bytes: 100 } } });
    expect(await guest.run([task])).toEqual([{ error: expect.any(String) }]);
    expect(guest.audited()).toMatchObject([{ event: 'capability.refused', capability: 'audit' }]);
  });

  it('[CAP-52] masks secrets that were handed out', async () => {
    await using guest = await open({ imports, asks, grants: { audit: {} } });
    guest.facilities.secrets.read('token');
    await guest.run([['write', 'a', JSON.stringify({ 'first-value': ['is first-value'] })]]);
    expect(guest.audited()).toMatchObject([{ details: { '***': ['is ***'] } }]);
  });

  it('[CAP-52] goes to a file where one is named, which must be one', async () => {
    const file = join(folder, 'audit.jsonl');
    const options = { kv: { store: 'memory' } as const, secrets: [], log: silentLog() };
    {
      await using facilities = openFacilities({ ...options, audit: { file } });
      facilities.audit.write({ event: 'plugin.a', plugin: 'p', capability: 'audit', request: 'r', details: {} });
    }
    expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({ event: 'plugin.a', time: expect.any(String) });
    expect(() => openFacilities({ ...options, audit: { file: folder } })).toThrow(
      expect.objectContaining({ faults: [expect.objectContaining({ code: 'audit_unusable' })] }),
    );
  });

  it('[CAP-50] says so where it is optional and was not granted', async () => {
    await using guest = await open({ imports, asks: { optional_capabilities: ['audit'] } });
    expect(await guest.run([['write', 'a', '{}']])).toEqual([{ error: 'audit was not granted' }]);
    expect(guest.audited()).toMatchObject([{ event: 'capability.refused', capability: 'audit' }]);
  });
});

describe.each([
  {
    capability: 'request_headers',
    wit: 'request-headers',
    caller: { headers: { 'x-team': 'red', authorization: 'Bearer s3cret', accept: ['a', 'b'] } },
    names: ['x-team', 'accept', 'x-none'],
    looks: ['X-Team', 'accept', 'x-none', 'authorization', '__proto__'],
    sees: ['red', 'a, b', null, null, null],
  },
  {
    capability: 'identity_claims',
    wit: 'identity-claims',
    caller: { claims: { email: 'a@example.com', groups: ['x'], sub: 'a' } },
    names: ['email', 'groups', 'none', 'toString'],
    looks: ['email', 'groups', 'none', 'sub', 'toString', '__proto__'],
    sees: ['"a@example.com"', '["x"]', null, null, null, null],
  },
])('$capability', ({ capability, wit, caller, names, looks, sees }) => {
  const imports = `import { get } from 'sallyport:plugin/${wit}@0.1.0'; const f = { get };`;
  const tasks = looks.map(name => ['get', name]);

  it('[CAP-53] shows what is named, and nothing else', async () => {
    await using guest = await open({
      imports,
      asks: { required_capabilities: [capability] },
      grants: { [capability]: { names } },
    });
    expect(await guest.run(tasks, { caller })).toEqual(sees);
    expect(guest.refusals(capability, 'not_allowed')).toBe(2);
    expect(await guest.run(tasks)).toEqual(looks.map(() => null));
  });

  it('[CAP-53] shows nothing where it is optional and was not granted', async () => {
    await using guest = await open({ imports, asks: { optional_capabilities: [capability] } });
    expect(await guest.run(tasks, { caller })).toEqual(looks.map(() => null));
    expect(guest.refusals(capability, 'not_granted')).toBe(looks.length);
  });
});
