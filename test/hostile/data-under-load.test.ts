import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inlineFuel } from '../../host/src/runtime/limits.ts';
import { jsGuest } from '../fixtures/guest.ts';
import { guestDescriptor } from '../fixtures/guest-descriptor.ts';
import { isolationLevels } from '../fixtures/isolation-levels.ts';
import { openBesieged } from '../fixtures/open-besieged.ts';
import { puppet } from '../fixtures/puppet.ts';
import { endure } from '../fixtures/siege.ts';

const kvImports = `import * as kv from 'sallyport:plugin/kv-store@0.1.0';`;
const kvFunctions = `
  get: kv.get, del: kv.delete, list: kv.list,
  set: (key, value, ttl) => kv.set(key, bytes(value), ttl),
  swap: (key, expected, value) => kv.compareAndSet(key, expected === null ? undefined : bytes(expected), bytes(value), undefined),
  add: (key, by) => kv.increment(key, by, undefined),
  fill: (count, length) => {
    let kept = 0;
    try { for (; kept < count; kept += 1) kv.set('fill/' + kept, new Uint8Array(length), undefined); } catch (error) { return { kept, error: error.payload }; }
    return { kept };
  }`;

const stateImports = `import * as context from 'sallyport:plugin/context@0.1.0';`;
const stateFunctions = `
  get: context.get, set: context.set, getShared: context.getShared, setShared: context.setShared,
  keep: value => { globalThis.kept = value; },
  kept: () => globalThis.kept ?? null,
  pollute: () => { Object.prototype.polluted = 'yes'; Array.prototype.map = () => ['mapped']; },
  polluted: () => ({}).polluted ?? null`;

const seriesImports = `
import * as metrics from 'sallyport:plugin/metrics@0.1.0';
import { write } from 'sallyport:plugin/audit@0.1.0';`;
const seriesFunctions = `
  count: metrics.count,
  write,
  series: (count, from) => { for (let n = 0; n < count; n += 1) metrics.count('hits', [['n', String(from + n)]], 1); },
  names: count => { for (let n = 0; n < count; n += 1) metrics.gauge('name' + 'abcdefghijklmnopqrstuvwxyz'[n % 26] + n, [], n); },
  events: count => { for (let n = 0; n < count; n += 1) try { write('flood', JSON.stringify({ n })); } catch {} }`;

type Made = readonly [id: string, imports: string, functions: string, grants: Record<string, unknown>, more?: object];

/** Builds puppets by their ids. */
async function puppets(made: readonly Made[]) {
  const guests = made.map(async ([id, imports, functions, grants, more]) => {
    const hooks = { hooks: ['tool_pre_invoke'], required_capabilities: Object.keys(grants) };
    const bytes = await jsGuest(guestDescriptor(id, hooks), puppet(id, imports, functions));
    return [id, { bytes, grants, ...more }] as const;
  });
  return Object.fromEntries(await Promise.all(guests));
}

const tenants = [
  'a',
  'b',
  'a\0b',
  'A',
  'ä',
  'a\u0308',
  '',
  '../a',
  'a/b',
  '\ud800',
  '\ud801',
  '\ufffd',
  '__proto__',
  '"\\ud800"',
];

describe.each(isolationLevels)(
  'while a plugin is after data of others, $isolation',
  ({ isolation, limits, floorMs }) => {
    const opened = new AsyncDisposableStack();
    let besieged: Awaited<ReturnType<typeof openBesieged>>;

    beforeAll(async () => {
      const folder = mkdtempSync(join(tmpdir(), 'sallyport-data-'));
      opened.defer(() => rmSync(folder, { recursive: true }));
      const kv_store = { max_keys: 20, max_bytes: 4000, max_value_bytes: 1000 };
      const at = { isolation, limits };
      // Five hundred errors are much work for JavaScript.
      const fuelForErrors = isolation === 'inline' && { fuel: 20 * inlineFuel };
      const bounded = { metrics: { max_series: 20, max_names: 5 }, audit: { max_bytes: 200 } };
      const guests = await puppets([
        ['keeper', kvImports, kvFunctions, { kv_store }, at],
        ['prier', kvImports, kvFunctions, { kv_store }, at],
        ['remembers', stateImports, stateFunctions, {}, at],
        ['snoops', stateImports, stateFunctions, {}, at],
        ['explodes', seriesImports, seriesFunctions, bounded, { isolation, limits: { ...limits, ...fuelForErrors } }],
      ]);
      besieged = opened.use(
        await openBesieged({
          guests,
          bindings: {
            ...Object.fromEntries(Object.keys(guests).map(id => [id, { plugins: [id] }])),
            'both-states': { plugins: ['remembers', 'snoops'] },
            ...Object.fromEntries(tenants.map((tenant, n) => [`kv-${n}`, { plugins: ['keeper'], tenant }])),
          },
          // An inline plugin uses the values in memory, because it could not wait for a file.
          ...(isolation !== 'inline' && { kvPath: join(folder, 'kv.sqlite') }),
        }),
      );
    });
    afterAll(() => opened.disposeAsync());

    it('[CAP-86] a tenant finds nothing of another, however both are named', async () => {
      const all = await Promise.all(Array.from({ length: 14 }, (_, n) => besieged.strings(`kv-${n}`)));
      const nameOf = (n: number) => `of ${n}`;
      for (const [n, strings] of all.entries()) {
        expect(
          await strings.pull('keeper', [
            ['set', 'mine', nameOf(n)],
            ['set', `only/${n}`, 'x'],
          ]),
        ).toEqual([null, null]);
      }
      await endure(
        besieged.load,
        async () => {
          for (const [n, strings] of all.entries()) {
            const look = [
              ['get', 'mine'],
              ['list', '', undefined, 100],
              ['get', `only/${(n + 1) % 14}`],
              ['del', `only/${(n + 1) % 14}`],
            ] as const;
            expect(await strings.pull('keeper', look)).toEqual([nameOf(n), ['mine', `only/${n}`], null, false]);
          }
        },
        floorMs,
      );
      for (const strings of all) await strings[Symbol.asyncDispose]();
    });

    it('[CAP-86] a plugin finds nothing of another by the name of a key', async () => {
      await using keeper = await besieged.strings('keeper');
      await using prier = await besieged.strings('prier');
      await keeper.pull('keeper', [
        ['set', 'secret', 'kept'],
        ['set', 'caf\u00e9', 'composed'],
        ['set', 'a\0b', 'nul'],
      ]);
      const names = [
        'secret',
        '../keeper/secret',
        'keeper/secret',
        'keeper\0secret',
        'keeper:secret',
        './secret',
        '%2e%2e/keeper/secret',
      ].concat([
        '["keeper",""]',
        "' OR 1=1 --",
        '__proto__',
        'constructor',
        'SECRET',
        'secret\0',
        's*',
        's%',
        's_cret',
      ]);
      await endure(
        besieged.load,
        async () => {
          expect(
            await prier.pull(
              'prier',
              names.map(name => ['get', name]),
            ),
          ).toEqual(names.map(() => null));
          expect(
            await prier.pull('prier', [
              ...names.map(name => ['swap', name, 'kept', 'stolen'] as const),
              ['list', '', undefined, 100],
            ]),
          ).toEqual([...names.map(() => false), []]);
          // Names are bytes: no form of one is the other, and prefixes match nothing but themselves.
          const look = [
            ['get', 'cafe\u0301'],
            ['get', 'a'],
            ['get', 'a\0'],
            ['list', '%', undefined, 9],
            ['list', 'a\0', undefined, 9],
            ['list', '\uffff', undefined, 9],
          ] as const;
          expect(await keeper.pull('keeper', look)).toEqual([null, null, null, [], ['a\0b'], []]);
          const bad = [
            ['get', ''],
            ['set', 'x'.repeat(513), 'x'],
            ['add', 'secret', 1],
          ] as const;
          expect(await keeper.pull('keeper', bad)).toEqual(
            bad.map(() => ({ error: { tag: 'invalid', val: expect.any(String) } })),
          );
        },
        floorMs,
      );
      expect(await keeper.pull('keeper', [['get', 'secret']])).toEqual(['kept']);
    });

    it('[CAP-87] a store that is filled to its quota is full only for the plugin that filled it', async () => {
      await using greedy = await besieged.strings('prier');
      await using modest = await besieged.strings('keeper');
      const counted = await besieged.refusals('prier', 'kv_store');
      let due = 0;
      await endure(
        besieged.load,
        async () => {
          besieged.audited();
          expect(await greedy.pull('prier', [['fill', 90, 10]])).toEqual([
            { kept: 20, error: { tag: 'quota', val: 'more than 20 keys' } },
          ]);
          const rest = [
            ['set', 'fill/0', 'x'.repeat(1001)],
            ['set', 'fill/0', 'x'.repeat(1000)],
            ['list', 'fill/', undefined, 4_000_000_000],
          ] as const;
          const said = (await greedy.pull('prier', rest)) as unknown[];
          expect(said).toMatchObject([{ error: { tag: 'quota' } }, null, expect.any(Array)]);
          expect(said[2]).toHaveLength(20);
          expect(await greedy.pull('prier', [['fill', 90, 1000]])).toEqual([
            { kept: 3, error: { tag: 'quota', val: 'more than 4000 bytes' } },
          ]);
          expect(
            await modest.pull('keeper', [
              ['set', 'fits', 'x'],
              ['del', 'fits'],
            ]),
          ).toEqual([null, true]);
          const events = besieged.audited().filter(({ capability }) => capability === 'kv_store');
          expect(events.length).toBeGreaterThanOrEqual(2);
          for (const { plugin } of events) expect(plugin).toBe('prier');
          due += events.length;
        },
        floorMs,
      );
      expect((await besieged.refusals('prier', 'kv_store')) - counted).toBe(due);
    });

    it('[CAP-88] the state of one request is not seen by another, nor by another plugin', async () => {
      await using one = await besieged.strings('both-states');
      await using two = await besieged.strings('snoops');
      const look = ['k', 'remembers', '__proto__', 'constructor', 'local', 'shared', 'r-1'].flatMap(
        name =>
          [
            ['get', name],
            ['getShared', name],
          ] as const,
      );
      await endure(
        besieged.load,
        async () => {
          const [within, beside] = await Promise.all([
            one.pull(
              'snoops',
              [
                ['get', 'k'],
                ['getShared', 'k'],
                ['get', 'own'],
              ],
              {
                remembers: [
                  ['set', 'k', 'private'],
                  ['setShared', 'k', 'shared'],
                  ['set', '__proto__', 'x'],
                ],
                silent: 'remembers',
              },
            ),
            two.pull('snoops', look),
          ]);
          expect(within).toEqual([null, 'shared', null]);
          expect(beside).toEqual(look.map(() => null));
          const beyond = [['set', 'k', 'x'.repeat(70_000)]] as const;
          expect(await two.pull('snoops', beyond)).toMatchObject({
            code: 'plugin_failed',
            details: { cause: 'limit' },
          });
        },
        floorMs,
      );
    });

    it('[CAP-89] [SBX-131] series, names and events do not explode', async () => {
      await using strings = await besieged.strings('explodes');
      let round = 0;
      const counted = await besieged.refusals('explodes', 'metrics');
      await endure(
        besieged.load,
        async () => {
          round += 1;
          besieged.audited();
          expect(await strings.pull('explodes', [['series', 500, round * 500]])).toEqual([null]);
          expect(await strings.pull('explodes', [['names', 500]])).toEqual([null]);
          expect(
            await strings.pull('explodes', [
              ['count', 'hits', [['plugin', 'honest']], 1],
              ['count', 'a_total', [], 1],
              ['count', 'hits\n# x', [], 1],
            ]),
          ).toEqual([null, null, null]);
          const refused = besieged.audited();
          expect(refused.length).toBeGreaterThan(0);
          // Per call, at most a hundred refusals are reported individually.
          expect(refused.length).toBeLessThanOrEqual(3 * 101);
          for (const event of refused)
            expect(event).toMatchObject({ event: 'capability.refused', plugin: 'explodes', capability: 'metrics' });
          expect(
            await strings.pull('explodes', [
              ['events', 500],
              ['write', 'long', JSON.stringify({ text: 'x'.repeat(500) })],
            ]),
          ).toEqual([null, { error: expect.stringContaining('200 bytes') }]);
          const events = besieged.audited().filter(({ event }) => event === 'plugin.flood');
          expect(events.length).toBeGreaterThan(0);
          expect(events.length).toBeLessThanOrEqual(100);
        },
        floorMs,
      );
      const text = await besieged.metrics();
      expect(text.match(/^plugin_hits_total\{/gm)?.length).toBeLessThanOrEqual(20);
      expect(new Set(text.match(/^plugin_[a-z0-9_]+/gm)).size).toBeLessThanOrEqual(5);
      expect(text).not.toContain('plugin="honest"');
      expect((await besieged.refusals('explodes', 'metrics')) - counted).toBeGreaterThan(0);
    });
  },
);

// At the other levels, and inline, an instance serves all tenants one after the other, as docs/security.md states.
describe("while a plugin keeps data for itself in an instance that is one tenant's or one call's", () => {
  const opened = new AsyncDisposableStack();
  let besieged: Awaited<ReturnType<typeof openBesieged>>;

  beforeAll(async () => {
    const guests = await puppets([
      ['apart', stateImports, stateFunctions, {}, { isolation: 'tenant' }],
      ['each-call', stateImports, stateFunctions, {}, { isolation: 'fresh' }],
    ]);
    const bindings = {
      'each-call': { plugins: ['each-call'] },
      'apart-a': { plugins: ['apart'], tenant: 'a' },
      'apart-b': { plugins: ['apart'], tenant: 'b' },
    };
    besieged = opened.use(await openBesieged({ guests, bindings }));
  });
  afterAll(() => opened.disposeAsync());

  it('[CAP-88] what an instance keeps for itself stays with its tenant, or its call', async () => {
    const [a, b, eachCall] = await Promise.all(['apart-a', 'apart-b', 'each-call'].map(name => besieged.strings(name)));
    if (a === undefined || b === undefined || eachCall === undefined) throw new Error('three were opened');
    expect(await a.pull('apart', [['keep', 'of a']])).toEqual([null]);
    await endure(besieged.load, async () => {
      expect(await b.pull('apart', [['kept'], ['polluted']])).toEqual([null, null]);
      expect(await eachCall.pull('each-call', [['kept'], ['polluted'], ['keep', 'x']])).toEqual([null, null, null]);
      await a.pull('apart', [['keep', 'of a'], ['pollute']]);
    });
    for (const each of [a, b, eachCall]) await each[Symbol.asyncDispose]();
  });
});
