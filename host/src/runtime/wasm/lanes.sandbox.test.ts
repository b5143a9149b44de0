import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { jsGuest, watGuest } from '../../../../test/fixtures/guest.ts';
import { guestDescriptor } from '../../../../test/fixtures/guest-descriptor.ts';
import { callContext, calls, toolCall, toolResult } from '../../../../test/fixtures/hook-calls.ts';
import { type Guest, memoryFacilities, openGuests } from '../../../../test/fixtures/sandboxed.ts';
import { decideGrant } from '../../capability/grant.ts';
import { capabilities } from '../../capability/registry.ts';
import type { Request } from '../../contract/generated/types.js';
import type { ChainOutput, HookRunner } from '../../contract/hook-call.ts';
import { createLog, silentLog } from '../../core/log.ts';
import { defaultLimits } from '../limits.ts';
import { createWasmRuntime } from './wasm-runtime.ts';

/** A plugin that does what the arguments of the tool call say. */
const obedient = `
import { get, set, getShared, setShared } from 'sallyport:plugin/context@0.1.0';
let prefix = '';
export const lifecycle = {
  configure(json) {
    const config = JSON.parse(json);
    if (config.refuse) throw 'no thanks';
    prefix = config.prefix ?? '';
  },
};
const acts = {
  proceed: () => ({ tag: 'proceed' }),
  append: (call, args) => ({ tag: 'modified', val: { tag: 'tool-call', val: { name: call.name, arguments: JSON.stringify({ ...args, trail: (args.trail ?? '') + prefix }) } } }),
  respond: () => ({ tag: 'respond', val: { tag: 'tool-result', val: { content: [{ tag: 'text', val: 'from ' + prefix }], isError: false } } }),
  block: () => ({ tag: 'block', val: { code: 'NO', reason: 'no', description: 'not today', details: '{"by":"' + prefix + '"}' } }),
  error: () => { throw 'declared'; },
  flood: () => { for (let i = 0; i < 100000; i += 1) console.log('x'.repeat(1000)); return { tag: 'proceed' }; },
  hoard: () => { set('k', 'x'.repeat(1000000)); return { tag: 'proceed' }; },
  remember: () => { set('own', prefix); setShared('all', prefix); return { tag: 'proceed' }; },
  recall: () => ({ tag: 'block', val: { code: get('own') ?? 'none', reason: getShared('all') ?? 'none', description: String(get('constructor')) } }),
  deep: () => { const dive = () => dive() + 1; return dive(); },
  hog: () => { const all = []; for (;;) all.push(new Uint8Array(1000000).fill(1)); },
  loop: () => { for (;;); },
};
export const dispatchHooks = {
  beforeDispatch(context, request) {
    const args = JSON.parse(request.val.arguments);
    return acts[args[prefix] ?? args.do ?? 'proceed'](request.val, args);
  },
  afterDispatch: () => ({ tag: 'proceed' }),
};
`;

const plain = (id: string) => guestDescriptor(id);
const obey = async (id: string, limits: Guest['limits'] = {}): Promise<Guest> => ({
  bytes: await jsGuest(plain(id), obedient),
  config: { prefix: id },
  limits,
});
const wat = async (
  id: string,
  parts: Parameters<typeof watGuest>[1],
  limits: Guest['limits'] = {},
): Promise<Guest> => ({
  bytes: await watGuest(plain(id), parts),
  limits,
});

const outcomes = ({ reports }: ChainOutput) =>
  reports.map(report => `${report.plugin} ${report.outcome === 'failed' ? report.cause : report.outcome}`);
const before = (runner: HookRunner, args: unknown, ...plugins: string[]) =>
  runner.run({ stage: 'before', context: callContext, calls: calls(...plugins), value: toolCall(args) });
const argumentsOf = ({ value }: ChainOutput) =>
  JSON.parse((value as Extract<Request, { tag: 'tool-call' }>).val.arguments);

describe('a chain of plugins', () => {
  let runner: HookRunner & AsyncDisposable;
  beforeAll(async () => {
    runner = await openGuests([await obey('a'), await obey('b'), await obey('c')]);
  });
  afterAll(() => runner[Symbol.asyncDispose]());

  it('[SBX-07] threads the value through them in order', async () => {
    const output = await before(runner, { do: 'append' }, 'a', 'c', 'b');
    expect(outcomes(output)).toEqual(['a modified', 'c modified', 'b modified']);
    expect(argumentsOf(output)).toEqual({ do: 'append', trail: 'acb' });
  });

  it('[SBX-07] leaves the value out when nobody changed it', async () => {
    const output = await before(runner, { do: 'proceed' }, 'a', 'b');
    expect(outcomes(output)).toEqual(['a proceed', 'b proceed']);
    expect(output.value).toBeUndefined();
  });

  it.each([
    { what: 'a block', args: { b: 'block' }, reports: ['a proceed', 'b block'] },
    { what: 'a response', args: { b: 'respond' }, reports: ['a proceed', 'b respond'] },
    { what: 'a failure', args: { b: 'error' }, reports: ['a proceed', 'b trap'] },
  ])('[SBX-07] stops at $what', async ({ args, reports }) => {
    expect(outcomes(await before(runner, args, 'a', 'b', 'c'))).toEqual(reports);
  });

  it('[SBX-07] goes on after a block and a failure where told to', async () => {
    const going = calls('a', 'b', 'c').map(call => ({ ...call, stopOnBlock: false, stopOnFailure: false }));
    const output = await runner.run({
      stage: 'before',
      context: callContext,
      calls: going,
      value: toolCall({ a: 'block', b: 'deep', c: 'append' }),
    });
    expect(output.reports.map(report => report.outcome)).toEqual(['block', 'failed', 'modified']);
    expect(argumentsOf(output).trail).toBe('c');
  });

  it('[SBX-07] yields the answer of a plugin and the details of a block', async () => {
    const answered = await before(runner, { a: 'respond' }, 'a');
    expect(answered.answer).toMatchObject({ tag: 'tool-result', val: { content: [{ tag: 'text', val: 'from a' }] } });
    const blocked = await before(runner, { a: 'block' }, 'a');
    expect(blocked.reports[0]).toMatchObject({
      violation: { code: 'NO', reason: 'no', description: 'not today', details: '{"by":"a"}' },
    });
  });

  it('[SBX-07] runs many at once without mixing them up', async () => {
    const outputs = await Promise.all(
      Array.from({ length: 200 }, (_, n) => before(runner, { do: 'append', trail: `${n}:` }, 'a', 'b')),
    );
    expect(outputs.map(output => argumentsOf(output).trail)).toEqual(outputs.map((_, n) => `${n}:ab`));
  });

  it('[SBX-14] keeps state of the request for the plugin that set it, and shares what is to be shared', async () => {
    const { state } = await before(runner, { do: 'remember' }, 'a');
    const own = await runner.run({
      stage: 'before',
      context: callContext,
      calls: calls('a'),
      value: toolCall({ do: 'recall' }),
      ...(state && { state }),
    });
    const other = await runner.run({
      stage: 'before',
      context: callContext,
      calls: calls('b'),
      value: toolCall({ do: 'recall' }),
      ...(state && { state }),
    });
    expect(own.reports[0]).toMatchObject({ violation: { code: 'a', reason: 'a', description: 'null' } });
    expect(other.reports[0]).toMatchObject({ violation: { code: 'none', reason: 'a' } });
    expect((await before(runner, { do: 'recall' }, 'a')).reports[0]).toMatchObject({
      violation: { code: 'none', reason: 'none' },
    });
  });

  it('[SBX-11] drops log lines beyond the limit, and counts them', async () => {
    const lines: { plugin?: string; msg: string }[] = [];
    const log = createLog('debug', { write: (line: string) => void lines.push(JSON.parse(line)) });
    await using flooded = await openGuests([await obey('a', { logLines: 20, timeoutMs: 20_000, cpuMs: 20_000 })], {
      log,
    });
    expect(outcomes(await before(flooded, { do: 'flood' }, 'a'))).toEqual(['a proceed']);
    const own = lines.filter(line => line.plugin === 'a');
    expect(own).toHaveLength(21);
    expect(own.at(-1)?.msg).toBe('99980 more log lines of this call were dropped');
  });

  it('[SBX-11] ends a call that keeps more state than it may', async () => {
    expect(outcomes(await before(runner, { do: 'hoard' }, 'a'))).toEqual(['a limit']);
    expect(outcomes(await before(runner, {}, 'a'))).toEqual(['a proceed']);
  });

  it('[SBX-08] rejects when its signal aborts, and serves the next', async () => {
    const controller = new AbortController();
    const run = runner.run(
      { stage: 'before', context: callContext, calls: calls('a'), value: toolCall({}) },
      controller.signal,
    );
    controller.abort(new Error('gone'));
    await expect(run).rejects.toThrow('gone');
    expect(outcomes(await before(runner, {}, 'a'))).toEqual(['a proceed']);
  });
});

describe('hostile guests', () => {
  let runner: HookRunner & AsyncDisposable;
  beforeAll(async () => {
    runner = await openGuests(
      [
        await obey('honest', { timeoutMs: 10_000 }),
        await obey('js', { timeoutMs: 20_000, memoryBytes: 16 * 2 ** 20 }),
        await wat('loops', { before: '(loop $l (br $l))' }, { timeoutMs: 100 }),
        await wat('traps', { before: 'unreachable' }),
        await wat('dives', { fields: '(func $dive (call $dive))', before: '(call $dive)' }),
        await wat('grows', {
          before: '(loop $l (br_if $l (i32.ne (memory.grow (i32.const 1)) (i32.const -1)))) unreachable',
        }),
        await wat('lies', { before: '(i32.store8 (i32.const 1024) (i32.const 9))' }),
        await wat('points', {
          before:
            '(i32.store8 (i32.const 1028) (i32.const 3)) (i32.store (i32.const 1032) (i32.const -9)) (i32.store (i32.const 1036) (i32.const 99999))',
        }),
      ],
      { lanes: 2 },
    );
  });
  afterAll(() => runner[Symbol.asyncDispose]());

  it.each([
    { what: 'an endless loop', plugin: 'loops', cause: 'timeout' },
    { what: 'a trap', plugin: 'traps', cause: 'trap' },
    { what: 'a stack overflow', plugin: 'dives', cause: 'trap' },
    { what: 'a memory bomb', plugin: 'grows', cause: 'limit' },
    { what: 'a result that is no variant', plugin: 'lies', cause: 'invalid_output' },
    { what: 'a result outside its memory', plugin: 'points', cause: 'trap' },
  ])('[SBX-09] $what ends the call, and the next calls of all plugins are served', async ({ plugin, cause }) => {
    for (const time of [1, 2]) {
      const output = await before(runner, { time }, 'honest', plugin, 'honest');
      expect(output.reports.at(-1)).toMatchObject({ plugin, outcome: 'failed', cause });
    }
    expect(outcomes(await before(runner, {}, 'honest'))).toEqual(['honest proceed']);
  });

  it.each(['deep', 'hog'])('[SBX-09] a JavaScript guest that goes %s fails alone', async act => {
    const output = await before(runner, { js: act }, 'js');
    expect(output.reports[0]?.outcome).toBe('failed');
    expect(outcomes(await before(runner, {}, 'js', 'honest'))).toEqual(['js proceed', 'honest proceed']);
  });

  it('[SBX-08] a plugin that loops on every fifth call fails no other call', async () => {
    const outputs = await Promise.all(
      Array.from({ length: 25 }, (_, n) => before(runner, {}, ...(n % 5 === 0 ? ['honest', 'loops'] : ['honest']))),
    );
    for (const [n, output] of outputs.entries()) {
      expect(output.reports.at(-1)).toMatchObject(
        n % 5 === 0 ? { plugin: 'loops', cause: 'timeout' } : { outcome: 'proceed' },
      );
    }
  });

  it('[SBX-08] a chain goes on without the plugin that looped, where its failure does not end it', async () => {
    const going = calls('honest', 'loops', 'js').map(call => ({ ...call, stopOnFailure: false }));
    const output = await runner.run({
      stage: 'before',
      context: callContext,
      calls: going,
      value: toolCall({ do: 'append' }),
    });
    expect(outcomes(output)).toEqual(['honest modified', 'loops timeout', 'js modified']);
    expect(argumentsOf(output).trail).toBe('honestjs');
  });

  it('[SBX-08] a loop in the middle of a chain has a report for each call up to it, in order', async () => {
    const output = await before(runner, { do: 'append' }, 'honest', 'js', 'loops', 'honest');
    expect(outcomes(output)).toEqual(['honest modified', 'js modified', 'loops timeout']);
  });

  it.each([
    { isolation: 'pooled', least: 100 },
    { isolation: 'process', least: 40 },
  ] as const)(
    '[GW-159] the time of a call that is aborted counts, with isolation $isolation',
    async ({ isolation, least }) => {
      const loops = await wat('loops', { before: '(loop $l (br $l))' }, { timeoutMs: 100 });
      await using aborted = await openGuests([{ ...loops, isolation }]);
      const addLate = vi.fn<(ms: number) => void>();
      const input = { context: callContext, calls: calls('loops'), value: toolCall({}), late: { addLate } };
      const abort = new AbortController();
      const running = expect(aborted.run({ stage: 'before', ...input }, abort.signal)).rejects.toThrow('gone');
      setTimeout(() => abort.abort(new Error('gone')), 50);
      await running;
      await expect.poll(() => addLate.mock.calls.length).toBe(1);
      expect(addLate.mock.calls[0]?.[0]).toBeGreaterThan(least);
    },
  );

  it('[SBX-08] a call in flight is rejected when the lanes close, and none hangs', async () => {
    const closing = await openGuests([await wat('loops', { before: '(loop $l (br $l))' }, { timeoutMs: 60_000 })]);
    const hanging = expect(before(closing, {}, 'loops')).rejects.toMatchObject({ code: 'lanes_closed' });
    await new Promise(resolve => setTimeout(resolve, 50));
    await closing[Symbol.asyncDispose]();
    await hanging;
    await expect(async () => before(closing, {}, 'loops')).rejects.toMatchObject({ code: 'lanes_closed' });
  });
});

it('[SBX-83] heavy answers of one message come back one by one', async () => {
  const MiB = 2 ** 20;
  const answer = `
    (i32.store8 (i32.const 1028) (i32.const 2)) (i32.store (i32.const 1036) (i32.const 65536))
    (i32.store (i32.const 1040) (i32.const 1)) (i32.store (i32.const 65540) (i32.const 131072))
    (i32.store (i32.const 65544) (i32.const ${6 * MiB})) (memory.fill (i32.const 131072) (i32.const 97) (i32.const ${6 * MiB}))`;
  const bytes = await watGuest(guestDescriptor('answers'), { memory: '200', before: answer });
  await using runner = await openGuests([{ bytes, limits: { timeoutMs: 20_000, cpuMs: 20_000 } }]);
  const order: string[] = [];
  const run = async () => {
    const value = toolCall({});
    const { reports } = await runner.run({ stage: 'before', context: callContext, calls: calls('answers'), value });
    order.push(String(reports[0]?.outcome));
    // The records of one message are reported before this.
    process.nextTick(() => order.push('next'));
  };
  await Promise.all([run(), run(), run()]);
  await new Promise(resolve => setImmediate(resolve));
  expect(order).toEqual(['respond', 'next', 'respond', 'next', 'respond', 'next']);
});

describe('a plugin that does not start', () => {
  it.each([
    {
      what: 'refuses its config',
      guest: async () => ({ ...(await obey('bad')), config: { refuse: true } }),
      code: 'plugin_refused_config',
    },
    { what: 'traps in configure', guest: () => wat('bad', { configure: 'unreachable' }), code: 'plugin_start_failed' },
    {
      what: 'loops in configure',
      guest: () => wat('bad', { configure: '(loop $l (br $l))' }, { startMs: 200 }),
      code: 'plugin_start_timeout',
    },
    {
      what: 'traps in its start function',
      guest: () => wat('bad', { fields: '(func $boom unreachable) (start $boom)' }),
      code: 'plugin_start_failed',
    },
  ])('[SBX-10] is refused by name: it $what', async ({ guest, code }) => {
    const opening = openGuests([await obey('good'), await guest()]);
    await expect(opening).rejects.toMatchObject({ faults: [{ code, details: { plugin: 'bad' } }] });
  });

  it('[SBX-10] is told of together with all others', async () => {
    const opening = openGuests([
      { ...(await obey('one')), config: { refuse: true } },
      await wat('two', { configure: 'unreachable' }),
    ]);
    await expect(opening).rejects.toMatchObject({
      faults: [{ details: { plugin: 'one' } }, { details: { plugin: 'two' } }],
    });
  });
});

describe('the glue in a lane', () => {
  const attempts = [
    'typeof process',
    'typeof fetch',
    'typeof require',
    'typeof globalThis.process',
    'typeof Buffer',
    'typeof setInterval',
    'typeof structuredClone',
    "globalThis.eval('typeof process')",
    "new Function('return typeof process')()",
    "imports['sallyport:plugin/log'].write.constructor('return typeof process')()",
    "imports['sallyport:plugin/context'].get.constructor.constructor('return typeof process')()",
    "Object.getPrototypeOf(imports['sallyport:plugin/log'].write).constructor('return typeof process')()",
    "TextDecoder.constructor('return typeof process')()",
    "new TextDecoder().decode.constructor('return typeof process')()",
    "(async () => {}).constructor('return typeof process')().then ? 'undefined' : ''",
  ];

  /** Code that stands where jco's glue would, and tells what it can reach. */
  const spy = `
    function instantiate(getCoreModule, imports) {
      const attempts = [${attempts.map(expression => `() => ${expression}`).join(', ')}];
      const say = attempt => { try { return String(attempt()); } catch (error) { return 'refused: ' + error; } };
      return {
        'sallyport:plugin/lifecycle@0.1.0': { configure() {} },
        'sallyport:plugin/dispatch-hooks@0.1.0': {
          beforeDispatch: () => ({ tag: 'block', val: { code: 'SPY', reason: JSON.stringify(attempts.map(say)), description: '' } }),
        },
      };
    }
    return instantiate;`;

  it('[SBX-13] cannot reach the powers of Node', async () => {
    const grant = decideGrant([], plain('spy'), {}, capabilities);
    const component = { glue: spy, modules: new Map(), instances: new Map(), binaries: new Map(), asynchronous: false };
    const runtime = createWasmRuntime({ capabilities, log: silentLog() });
    await using runner = await runtime.open(
      [{ id: 'spy', component, grant, config: {}, limits: defaultLimits }],
      memoryFacilities(),
      {
        lanes: 1,
      },
    );
    const [report] = (await before(runner, {}, 'spy')).reports;
    const said = report?.outcome === 'block' ? (JSON.parse(report.violation.reason) as string[]) : [];
    expect(said).toHaveLength(attempts.length);
    for (const [index, answer] of said.entries()) expect(answer, attempts[index]).toMatch(/^(undefined$|refused: )/);
  });
});

describe('the example plugin', () => {
  it('[SBX-07] redacts an address', async () => {
    const script = await readFile(
      new URL('../../../../plugins-examples/redact-emails/redact-emails.js', import.meta.url),
      'utf8',
    );
    await using runner = await openGuests([
      { bytes: await jsGuest(plain('redact-emails'), script), config: { replacement: '[x]' } },
    ]);
    const output = await runner.run({
      stage: 'after',
      context: callContext,
      calls: calls('redact-emails'),
      value: toolResult('write to bob@example.com'),
    });
    expect(output.value).toMatchObject({ val: { content: [{ val: 'write to [x]' }] } });
  });
});
