import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { jsGuest, wasiGuest, watGuest } from '../../../../../test/fixtures/guest.ts';
import { guestDescriptor } from '../../../../../test/fixtures/guest-descriptor.ts';
import { callContext, calls, toolCall, toolResult } from '../../../../../test/fixtures/hook-calls.ts';
import { type Guest, memoryFacilities, openGuests } from '../../../../../test/fixtures/sandboxed.ts';
import { temporaryFolder } from '../../../../../test/fixtures/temporary-folder.ts';
import { openFacilities } from '../../../capability/open-facilities.ts';
import type { ChainInput, HookRunner } from '../../../contract/hook-call.ts';
import { createLog, silentLog } from '../../../core/log.ts';

const fuel = 200_000_000;

/** A plugin that does what the arguments of the tool call, or the text of its result, say. */
const obedient = `
import { get, set, getShared, setShared } from 'sallyport:plugin/context@0.1.0';
import { nowMs } from 'sallyport:plugin/clock@0.1.0';
import { bytes } from 'sallyport:plugin/random@0.1.0';
import { count } from 'sallyport:plugin/metrics@0.1.0';
import { write } from 'sallyport:plugin/audit@0.1.0';
import { get as header } from 'sallyport:plugin/request-headers@0.1.0';
import { get as claim } from 'sallyport:plugin/identity-claims@0.1.0';
const text = val => ({ tag: 'tool-result', val: { content: [{ tag: 'text', val }], isError: false } });
const said = value => ({ tag: 'block', val: { code: 'SAID', reason: JSON.stringify(value), description: 'd', details: '{}' } });
const declared = run => { try { return run() ?? null; } catch (error) { return error.payload ?? String(error); } };
export const lifecycle = { configure(json) { if (JSON.parse(json).refuse) throw 'no thanks'; } };
const acts = {
  proceed: () => ({ tag: 'proceed' }),
  modify: call => ({ tag: 'modified', val: { tag: 'tool-call', val: { ...call, arguments: '{"é":"\\u{1f600}"}' } } }),
  respond: () => ({ tag: 'respond', val: text('from here') }),
  block: () => said('no'),
  error: () => { throw 'declared'; },
  flood: () => { for (let i = 0; i < 1000; i += 1) console.log('x'.repeat(1000)); return { tag: 'proceed' }; },
  hoard: () => { set('k', 'x'.repeat(1000000)); return { tag: 'proceed' }; },
  remember: () => { set('own', 'é'); setShared('all', 'b'); return { tag: 'proceed' }; },
  recall: () => said([get('own'), getShared('all'), get('constructor')]),
  deep: () => { const dive = () => dive() + 1; return dive(); },
  hog: () => { const all = []; for (;;) all.push(new Uint8Array(1000000).fill(1)); },
  loop: () => { for (;;); },
  capabilities: () => said([
    typeof nowMs(), bytes(5) instanceof Uint8Array && bytes(5).length, declared(() => count('calls', [['kind', 'x']], 2)),
    declared(() => count('calls', [], NaN)), declared(() => write('done', '{"a":1}')), declared(() => write('Done', '{}')),
    header('x-team'), header('x-other'), claim('sub'), declared(() => bytes(100)),
  ].map(each => each instanceof Uint8Array ? each.length : each ?? null)),
  much: () => bytes(1000000),
};
export const dispatchHooks = {
  beforeDispatch: (context, request) => acts[JSON.parse(request.val.arguments).do](request.val),
  afterDispatch: (context, response) => {
    const [block] = response.val.content;
    if (block.tag === 'blob') return { tag: 'modified', val: { ...response, val: { ...response.val, content: [{ tag: 'blob', val: { mimeType: 'x/y', data: block.val.data.map(each => each + 1) } }] } } };
    return { tag: 'modified', val: text(block.val.toUpperCase()) };
  },
};`;

const asks = {
  required_capabilities: ['clock', 'random', 'metrics', 'audit', 'request_headers', 'identity_claims'],
  payload: ['blob'],
};
const grants = {
  ...{ clock: { resolution_ms: 1 }, random: {}, metrics: {}, audit: {} },
  ...{ request_headers: { names: ['x-team'] }, identity_claims: { names: ['sub'] } },
};

/** Runs the same calls with two isolation levels, and returns what they report, log and count. */
async function both(guest: Guest, inputs: readonly ChainInput[]) {
  const told = async (isolation: 'pooled' | 'inline') => {
    const lines: unknown[] = [];
    const log = createLog('debug', {
      write(line: string) {
        const { level, msg, plugin, audit } = JSON.parse(line);
        lines.push({ level, msg, plugin, audit });
      },
    });
    const facilities = memoryFacilities(log);
    await using runner = await openGuests([{ ...guest, isolation, limits: { fuel, ...guest.limits } }], {
      log,
      facilities,
    });
    const outputs = [];
    for (const input of inputs) outputs.push(plain(await runner.run(input)));
    return { outputs, lines: lines.filter(each => JSON.stringify(each).includes('"plugin":"p"')) };
  };
  const [pooled, inline] = [await told('pooled'), await told('inline')];
  return { pooled, inline };
}

/** Leaves out the time, and the fuel, which inline plugins also pay for host functions. */
function plain(output: Awaited<ReturnType<HookRunner['run']>>) {
  return {
    ...output,
    reports: output.reports.map(({ wallMs: _, fuel: used, ...rest }) => ({ ...rest, hasFuel: (used ?? 0) > 0 })),
  };
}

const before = (act: string, more: Partial<ChainInput> = {}) =>
  ({ stage: 'before', context: callContext, calls: calls('p'), value: toolCall({ do: act }), ...more }) as ChainInput;
const caller = { headers: { 'x-team': ['a', 'b'], 'x-other': 'c' }, claims: { sub: { deep: [1] }, other: 1 } };

describe('an inline plugin', () => {
  it('[SBX-124] answers, fails, logs and counts as it does in a lane', async () => {
    const bytes = await jsGuest(guestDescriptor('p', asks), obedient);
    const acts = ['proceed', 'modify', 'respond', 'block', 'error', 'flood', 'hoard', 'remember', 'recall'];
    const state = { local: new Map([['p', new Map([['own', 'é']])]]), shared: new Map([['all', 'b']]) };
    const { pooled, inline } = await both({ bytes, grants, limits: { memoryBytes: 16 * 2 ** 20 } }, [
      ...acts.map(act => before(act)),
      before('recall', { state }),
      before('capabilities', { caller }),
      before('much'),
      before('hog'),
      before('loop'),
      before('proceed'),
      { stage: 'after', context: callContext, calls: calls('p'), value: toolResult('straße \u{1f600}') },
      {
        ...{ stage: 'after', context: callContext, calls: calls('p') },
        value: {
          tag: 'tool-result',
          val: {
            content: [{ tag: 'blob', val: { mimeType: 'a/b', data: Uint8Array.of(0, 128, 254) } }],
            isError: false,
          },
        },
      },
    ]);
    expect(inline.outputs).toEqual(pooled.outputs);
    expect(inline.outputs.flatMap(({ reports }) => reports.map(each => each.outcome))).toContain('modified');
    expect(inline.lines).toEqual(pooled.lines);
    expect(inline.lines.length).toBeGreaterThan(30);
  });

  it('[SBX-124] has less of a stack than in a lane, and the gateway goes on when that overflows', async () => {
    const bytes = await jsGuest(guestDescriptor('p', asks), obedient);
    const { pooled, inline } = await both({ bytes, grants }, [before('deep'), before('proceed')]);
    const causes = ({ outputs }: typeof inline) =>
      outputs.map(({ reports: [report] }) => (report?.outcome === 'failed' ? report.cause : report?.outcome));
    expect(causes(inline)).toEqual(['trap', 'proceed']);
    expect(causes(inline)).toEqual(causes(pooled));
  });

  it.each([
    { what: 'a trap', guest: { before: 'unreachable' }, message: 'RuntimeError: unreachable' },
    { what: 'endless recursion', guest: { fields: '(func $r (call $r))', before: '(call $r)' }, message: 'RangeError' },
    { what: 'a result out of its memory', guest: { before: '(return (i32.const -4))' }, message: '' },
    {
      what: 'memory that grows forever',
      guest: { before: '(loop $l (br_if $l (i32.ne (memory.grow (i32.const 1)) (i32.const -1)))) unreachable' },
      message: 'MiB of memory are allowed',
    },
    {
      what: 'a table that grows forever',
      guest: {
        fields: '(table $t 1 funcref)',
        before:
          '(loop $l (br_if $l (i32.ne (table.grow $t (ref.null func) (i32.const 100)) (i32.const -1)))) unreachable',
      },
      message: 'unreachable',
    },
    {
      what: 'a loop',
      guest: { before: '(loop $l (br $l))' },
      message: 'more than the 200000000 allowed (limits.fuel)',
    },
  ])('[SBX-124] fails as in a lane, and goes on, after $what', async ({ guest, message }) => {
    const bytes = await watGuest(guestDescriptor('p'), guest);
    const { pooled, inline } = await both({ bytes }, [before('x'), before('x')]);
    const short = (output: { reports: readonly object[] }) =>
      output.reports.map(each =>
        'message' in each ? { ...each, message: String(each.message).split(' in ')[0] } : each,
      );
    expect(inline.outputs.map(short)).toEqual(pooled.outputs.map(short));
    expect(JSON.stringify(inline.outputs)).toContain(message);
  });

  it('[SBX-125] pays with fuel for host functions, so that calling them forever ends', async () => {
    const descriptor = guestDescriptor('p', { required_capabilities: ['clock'] });
    const bytes = await watGuest(descriptor, {
      fields: '(import "sallyport:plugin/clock@0.1.0" "now-ms" (func $now (result i64)))',
      before: '(loop $l (drop (call $now)) (br $l))',
    });
    const limits = { fuel: 10_000_000 };
    await using runner = await openGuests([{ bytes, grants: { clock: {} }, isolation: 'inline', limits }]);
    const { reports } = await runner.run(before('x'));
    expect(reports).toMatchObject([
      { outcome: 'failed', cause: 'limit', message: expect.stringContaining('(limits.fuel)') },
    ]);
  });

  it('[SBX-125] pays with fuel for the result that is copied out of its memory, and for each element of its lists', async () => {
    // The after hook uses 96 units itself, and returns this number of empty texts, whose memory is all zeros.
    const guestOf = (elements: number) => {
      const words = [0, 1, 0, 65_536, elements];
      const after = words.map((word, at) => `(i32.store (i32.const ${1024 + 4 * at}) (i32.const ${word}))`).join('');
      return watGuest(guestDescriptor('p'), { after, memory: '512' });
    };
    const after = { stage: 'after', context: callContext, calls: calls('p'), value: toolResult('x') } as const;
    const reportOf = async (elements: number, units: number) => {
      const guest = { bytes: await guestOf(elements), isolation: 'inline' as const, limits: { fuel: units } };
      await using runner = await openGuests([guest]);
      return (await runner.run(after)).reports[0];
    };
    const paid = await reportOf(1000, 2_000_000);
    expect(paid).toMatchObject({ outcome: 'modified' });
    expect(paid?.fuel).toBeGreaterThan(1000 * 64 * 16);
    for (const units of [1_000_000, 1_024_050])
      expect(await reportOf(1000, units)).toMatchObject({
        ...{ outcome: 'failed', cause: 'limit', message: expect.stringContaining('(limits.fuel)') },
      });
    expect(await reportOf(140_000, 50_000_000)).toMatchObject({ outcome: 'failed', cause: 'limit' });
  });

  it('[SBX-129] counts in kv_store in memory like in a lane, and is refused where values are on disk', async () => {
    const script = `
      import { increment, get, set } from 'sallyport:plugin/kv-store@0.1.0';
      export const lifecycle = { configure() {} };
      export const dispatchHooks = {
        beforeDispatch() {
          const seen = [String(increment('n', 2n)), get('none') ?? null, (set('b', Uint8Array.of(1, 255)), [...get('b')])];
          try { set('', new Uint8Array(1)); } catch (error) { seen.push(error.payload); }
          return { tag: 'block', val: { code: 'SAID', reason: JSON.stringify(seen), description: '' } };
        },
        afterDispatch: () => ({ tag: 'proceed' }),
      };`;
    const bytes = await jsGuest(guestDescriptor('p', { required_capabilities: ['kv_store'] }), script);
    const guest = { bytes, grants: { kv_store: {} } };
    const { pooled, inline } = await both(guest, [before('x'), before('x')]);
    expect(inline.outputs).toEqual(pooled.outputs);
    expect(JSON.stringify(inline.outputs)).toContain('[\\"4\\",null,[1,255],');
    const path = join(await temporaryFolder(), 'kv.sqlite');
    await using facilities = openFacilities({
      ...{ kv: { store: 'sqlite', path }, secrets: [], audit: {}, log: silentLog() },
    });
    const refused = openGuests([{ ...guest, isolation: 'inline', limits: { fuel } }], { facilities });
    await expect(refused).rejects.toMatchObject({
      faults: [{ code: 'inline_waits', details: { plugin: 'p', capabilities: ['kv_store'] } }],
    });
  });

  it('[SBX-126] runs without a hop: its outcome is there when the call returns', async () => {
    const bytes = await watGuest(guestDescriptor('p'));
    await using runner = await openGuests([{ bytes, isolation: 'inline', limits: { fuel } }]);
    let turns = 0;
    const turn = setImmediate(() => {
      turns += 1;
    });
    for (let call = 0; call < 100; call += 1) await runner.run(before('x'));
    clearImmediate(turn);
    expect(turns).toBe(0);
  });

  it('[SBX-124] has the WASI without powers', async () => {
    const script = `
      export const lifecycle = { configure() {} };
      export const dispatchHooks = {
        beforeDispatch: () => ({ tag: 'block', val: { code: String(Date.now() > 0), reason: String(Math.random() < 1), description: '' } }),
        afterDispatch: () => ({ tag: 'proceed' }),
      };`;
    const uses = { required_capabilities: ['clock', 'random'] };
    const bytes = await wasiGuest(guestDescriptor('p', uses), script);
    const inputs = Array.from({ length: 3 }, () => before('x'));
    const { pooled, inline } = await both(
      { bytes, grants: { clock: {}, random: {} }, limits: { fuel: 10 ** 12 } },
      inputs,
    );
    expect(inline).toEqual(pooled);
  });

  it('[SBX-124] mixes with plugins in lanes, in the order of the chain', async () => {
    const script = (name: string) => `
      export const lifecycle = { configure() {} };
      export const dispatchHooks = {
        beforeDispatch: (_context, { val }) => {
          const { trail = '' } = JSON.parse(val.arguments);
          return { tag: 'modified', val: { tag: 'tool-call', val: { ...val, arguments: JSON.stringify({ trail: trail + '${name}' }) } } };
        },
        afterDispatch: () => ({ tag: 'proceed' }),
      };`;
    const guests = await Promise.all(
      ['a', 'b', 'c', 'd'].map(async (id, place) => ({
        bytes: await jsGuest(guestDescriptor(id), script(id)),
        isolation: place % 2 === 0 ? ('inline' as const) : ('pooled' as const),
        limits: { fuel },
      })),
    );
    await using runner = await openGuests(guests);
    const output = await runner.run(before('x', { calls: calls('a', 'b', 'c', 'd') }));
    expect(output.value).toMatchObject({ val: { arguments: '{"trail":"abcd"}' } });
    expect(output.reports.map(({ plugin }) => plugin)).toEqual(['a', 'b', 'c', 'd']);
  });

  it('[SBX-124] reports its memory, and is refused by name when it does not start', async () => {
    const bytes = await watGuest(guestDescriptor('p'), { memory: '3' });
    await using runner = await openGuests([{ bytes, isolation: 'inline', limits: { fuel } }]);
    await runner.run(before('x'));
    expect(runner.usage().get('p')).toMatchObject({ calls: 1, memoryBytes: 3 * 65_536 });
    const refusing = await jsGuest(guestDescriptor('p', asks), obedient);
    const refused = openGuests([
      { bytes: refusing, grants, config: { refuse: true }, isolation: 'inline', limits: { fuel } },
    ]);
    await expect(refused).rejects.toMatchObject({
      faults: [{ code: 'plugin_refused_config', details: { plugin: 'p', reason: 'no thanks' } }],
    });
  });
});
