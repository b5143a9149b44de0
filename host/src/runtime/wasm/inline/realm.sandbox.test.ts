import { describe, expect, it } from 'vitest';
import { callContext, calls, toolCall } from '../../../../../test/fixtures/hook-calls.ts';
import { reachText } from '../../../../../test/fixtures/reach.ts';
import { memoryFacilities } from '../../../../../test/fixtures/sandboxed.ts';
import type { Grant } from '../../../capability/grant.ts';
import { capabilities } from '../../../capability/registry.ts';
import type { ChainInput } from '../../../contract/hook-call.ts';
import { silentLog } from '../../../core/log.ts';
import { fuelImport } from '../../../wasm/fuel/inject-fuel.ts';
import { defaultLimits } from '../../limits.ts';
import { createWasmRuntime } from '../wasm-runtime.ts';

type HookInput = BeforeInput | AfterInput;
type BeforeInput = Pick<Extract<ChainInput, { stage: 'before' | 'decide' }>, 'stage' | 'value'>;
type AfterInput = Pick<Extract<ChainInput, { stage: 'after' }>, 'stage' | 'value'>;

/** The smallest argument that a grant may have. */
const arguments_ = [{}, { names: ['x'] }, { allow: ['https://a.example'] }, { tools: ['x'] }];

const block = (look: string) =>
  `({ tag: 'block', val: { code: 'SPY', reason: JSON.stringify(${look}), description: '' } })`;

/** Returns the report of a hook call of code that replaces the glue, which answers with `outcome`. */
const reportOf = async (body: string, outcome: string) => (await outputOf(body, outcome)).reports[0];

/** Runs code that replaces the glue, with every grant. Returns the output of a hook call, whose answer is `outcome`. */
async function outputOf(body: string, outcome: string, input: HookInput = { stage: 'before', value: toolCall({}) }) {
  const glue = `
    function instantiate(getCoreModule, imports, instantiateCore) {
      ${body}
      return {
        'sallyport:plugin/lifecycle@0.1.0': { configure() {} },
        'sallyport:plugin/dispatch-hooks@0.1.0': {
          beforeDispatch: (...given) => ${outcome},
          afterDispatch: (...given) => ${outcome},
        },
      };
    }
    return instantiate;`;
  const granted = new Map(
    capabilities
      .filter(({ name }) => name !== 'secret_store')
      .map(({ name, grant }) => {
        const fitting = arguments_.map(each => grant.safeParse(each)).find(({ success }) => success);
        if (fitting === undefined) throw new Error(`no argument for ${name}`);
        return [name, fitting.data];
      }),
  );
  const runtime = createWasmRuntime({ capabilities, log: silentLog() });
  const component = {
    ...{ glue, modules: new Map(), instances: new Map(), binaries: new Map() },
    ...{ asynchronous: false, fuelCounter: fuelImport },
  };
  const grant = { granted, denied: new Set(), learning: false } as unknown as Grant;
  const limits = { ...defaultLimits, fuel: 10 ** 12 };
  const plugin = { id: 'spy', component, grant, config: {}, limits, isolation: 'inline' as const };
  await using runner = await runtime.open([plugin], memoryFacilities());
  return runner.run({ ...input, context: callContext, calls: calls('spy') });
}

/** Runs code that replaces the glue, and returns what `look` answers. */
async function inPlaceOfGlue(body: string, look = 'look()'): Promise<unknown> {
  const report = await reportOf(body, block(look));
  if (report?.outcome !== 'block') throw new Error(JSON.stringify(report));
  return JSON.parse(report.violation.reason);
}

/** Returns the ways to objects whose prototypes end in no object of this realm, or whose functions make code. */
const foreign = `
  const reach = ${reachText};
  const isForeign = value => {
    let last = value;
    for (let at = Object.getPrototypeOf(value); at !== null; at = Object.getPrototypeOf(at)) last = at;
    return last !== value && last !== Object.prototype;
  };
  const foreignIn = roots => {
    const objects = new Set();
    reach(roots, { has: value => objects.has(value), add: value => objects.add(value) });
    return [...objects].filter(value => isForeign(value) || makesCode(value)).map(String);
  };
  const makesCode = value => {
    try { return typeof value === 'function' && value.constructor('return process')() !== undefined; }
    catch { return false; }
  };`;

describe('code that replaces the glue of an inline plugin', () => {
  it('[SBX-120] reaches no object of another realm, and makes no code of text', async () => {
    const body = `${foreign}
      const thrownBy = action => { try { return action(); } catch (error) { return error; } };
      const look = () => foreignIn([
        ...Object.getOwnPropertyNames(globalThis).map(name => [name, globalThis[name]]),
        ...Object.entries(imports),
        ['getCoreModule', getCoreModule],
        ['instantiateCore', instantiateCore],
        ['decoder', new TextDecoder()],
        ['stdin', imports['wasi:cli/stdin'].getStdin()],
        ['stdout', imports['wasi:cli/stdout'].getStdout()],
        ['bytes', imports['sallyport:plugin/random'].bytes(8)],
        ['time', imports['wasi:clocks/wall-clock'].now()],
        ['error of decode', thrownBy(() => new TextDecoder().decode(1))],
        ['error of decoding nothing', thrownBy(() => new TextDecoder().decode(undefined))],
        ['error of encodeInto', thrownBy(() => new TextEncoder().encodeInto('', 1))],
        ['error of a host function', thrownBy(() => imports['sallyport:plugin/random'].bytes(1000000000))],
        ['error of an argument', thrownBy(() => imports['sallyport:plugin/log'].write('constructor', {}))],
        ['declared error', thrownBy(() => imports['wasi:cli/stdin'].getStdin().read(1n))],
        ['error of a promise', thrownBy(() => imports['sallyport:plugin/kv-store'].get(''))],
        ['error of instantiating', thrownBy(() => instantiateCore({}))],
        ['error of a trap', thrownBy(() => new WebAssembly.Module(new Uint8Array(3)))],
        ['error of code', thrownBy(() => (() => {}).constructor('return 1'))],
      ]);`;
    expect(await inPlaceOfGlue(body)).toEqual([]);
  });

  it('[SBX-120] gets its context and value as objects of its realm', async () => {
    expect(await inPlaceOfGlue(foreign, "foreignIn([['given', given]])")).toEqual([]);
  });

  it('[SBX-121] catches errors of its realm alone, however little of the stack is left', async () => {
    const body = `${foreign}
      const caught = { count: 0, foreign: 0, host: 0 };
      const note = error => { caught.count += 1; if (isForeign(error) || makesCode(error.constructor)) caught.foreign += 1; };
      const uses = [
        () => imports['sallyport:plugin/log'].write('info', 'x'),
        () => imports['sallyport:plugin/random'].bytes(8),
        () => imports['wasi:cli/stdin'].getStdin(),
        () => new TextDecoder().decode(new Uint8Array(8)),
        () => new TextEncoder().encodeInto('x', new Uint8Array(8)),
        () => JSON.stringify({ bytes: new Uint8Array(8) }),
        () => meterLifted(1),
        () => new Error('x').stack,
        () => String(new RangeError('x').stack),
      ];
      let use;
      const pad = (depth, next) => depth === 0 ? next() : pad(depth - 1, next);
      const dive = () => {
        try { dive(); } catch (error) { note(error); }
        if (caught.host > 3000) return;
        caught.host += 1;
        try { use(); } catch (error) { note(error); }
      };
      const look = () => { for (use of uses) for (let at = 0; at < 40; at += 1) { caught.host = 0; pad(at, dive); } return caught; };`;
    const caught = (await inPlaceOfGlue(body)) as { count: number; foreign: number };
    expect(caught.count).toBeGreaterThan(1000);
    expect(caught.foreign).toBe(0);
  });

  it.each([
    { what: 'an asynchronous function', code: 'const later = async () => { throw 1; }; later();' },
    { what: 'an asynchronous generator', code: 'const later = async function* () {};' },
    { what: 'await', code: '(async () => { await 1; })();' },
    { what: 'a method that waits', code: 'const o = { async later() {} };' },
    { what: 'import()', code: "import('node:fs').catch(error => error.constructor.constructor('return process')());" },
  ])('[SBX-122] is refused with $what, which could run after its call', async ({ code }) => {
    await expect(inPlaceOfGlue(`${code} const look = () => 1;`)).rejects.toMatchObject({
      faults: [{ code: 'plugin_start_failed', details: { plugin: 'spy', reason: expect.stringContaining('waits') } }],
    });
  });

  it('[SBX-122] has no promises, timers, finalizers, or stacks that Node writes', async () => {
    const body = `
      const has = name => typeof globalThis[name];
      Error.prepareStackTrace = () => 'mine';
      const look = () => ({
        names: ['FinalizationRegistry', 'WeakRef', 'setTimeout', 'queueMicrotask', 'console', 'Proxy', 'Reflect', 'Date', 'Function', 'eval', 'process', 'Atomics', 'SharedArrayBuffer'].filter(name => has(name) !== 'undefined'),
        wasm: Object.keys(WebAssembly),
        promise: (() => { try { return typeof new Promise(() => {}); } catch (error) { return error.message; } })(),
        fromAsync: typeof Array.fromAsync,
        stack: typeof new Error('x').stack,
        limit: (() => { try { Error.stackTraceLimit = 10; } catch {} return typeof Error.stackTraceLimit; })(),
        error: (() => { try { globalThis.Error = { prepareStackTrace() {} }; } catch {} return new Error('x') instanceof Error; })(),
      });`;
    expect(await inPlaceOfGlue(body)).toEqual({
      names: [],
      wasm: ['Global', 'Instance', 'Memory', 'Module', 'RuntimeError', 'Table'],
      promise: 'there are no promises in an inline plugin',
      fromAsync: 'undefined',
      stack: 'undefined',
      limit: 'undefined',
      error: true,
    });
  });

  it.each([
    { what: 'a getter that throws', value: '{ get tag() { throw { get message() { throw 1; } }; } }' },
    { what: 'a value that JSON cannot write', value: '(() => { const o = {}; o.o = o; return o; })()' },
    { what: 'a function', value: '() => {}' },
    { what: 'a thenable', value: '{ then(resolve) { resolve({ tag: "proceed" }); } }' },
    { what: 'an object that writes itself as a special value', value: '{ toJSON: () => ({ $resource: 1 }) }' },
    { what: 'a text instead of an integer', value: '{ tag: "modified", val: { $integer: "x" } }' },
    { what: 'bytes of another slot', value: '{ tag: "modified", val: { tag: "tool-call", val: { $bytes: 7 } } }' },
    { what: 'a symbol', value: 'Symbol()' },
    {
      what: 'a name that is no text',
      value: '{ tag: "modified", val: { tag: "tool-call", val: { name: 1, arguments: "" } } }',
    },
    {
      what: 'a result without content',
      value: '{ tag: "modified", val: { tag: "tool-result", val: { isError: false, content: null } } }',
    },
    {
      what: 'a text that is another at each look',
      value:
        '{ tag: "modified", val: { tag: "tool-call", val: { n: 0, get name() { return this.n++ ? "x" : 1; }, arguments: 1 } } }',
    },
    { what: 'deep nesting', value: '(() => { let o = {}; for (let n = 0; n < 1e5; n += 1) o = { o }; return o; })()' },
  ])('[SBX-123] fails by itself when it returns $what', async ({ value }) => {
    expect(await reportOf('', `(${value})`)).toMatchObject({
      outcome: 'failed',
      cause: expect.stringMatching(/^(invalid_output|trap)$/),
    });
  });

  it.each([
    ['a name that begins like its length', { tag: 'tool-call', val: { name: '3 12 3', arguments: '{"a":"1 2"}' } }],
    ['an empty name and no arguments', { tag: 'tool-call', val: { name: '', arguments: '' } }],
    ['half of a surrogate pair', { tag: 'tool-call', val: { name: 'a\ud800b', arguments: '{"$bytes":1}' } }],
  ])('[SBX-124] changes a call to one with %s', async (_what, value) => {
    const output = await outputOf('', `({ tag: 'modified', val: ${JSON.stringify(value)} })`);
    expect(output).toMatchObject({ reports: [{ outcome: 'modified' }], value });
  });

  const text = (val: string) => ({ tag: 'text', val });
  it.each([
    ['one text', { content: [text('pv{"$bytes":1}')], isError: false }],
    ['one empty text of an error', { content: [text('')], isError: true }],
    ['a text and structured content', { content: [text('a')], structuredContent: '{}', isError: false }],
    ['two texts', { content: [text('a'), text('b')], isError: false }],
    ['no content', { content: [], isError: true }],
  ])('[SBX-124] changes a result to %s', async (_what, val) => {
    const value = { tag: 'tool-result' as const, val: { content: [], isError: false } };
    const output = await outputOf('', `({ tag: 'modified', val: ${JSON.stringify({ tag: 'tool-result', val })} })`, {
      ...{ stage: 'after', value },
    });
    expect(output).toMatchObject({ reports: [{ outcome: 'modified' }], value: { tag: 'tool-result', val } });
  });

  it('[SBX-123] changes nothing of the gateway by changing what its realm shares', async () => {
    const body = `
      for (const of of [Object, Array, String, Number, Map, WeakMap, WebAssembly.Global, WebAssembly.Memory, JSON]) {
        for (const target of [of, of.prototype ?? {}]) for (const name of Object.getOwnPropertyNames(target)) {
          try { Object.defineProperty(target, name, { get() { throw 'mine'; }, set() { throw 'mine'; } }); } catch {}
        }
      }`;
    await expect(inPlaceOfGlue(`const { stringify } = JSON; ${body}`, '1')).rejects.toThrow();
    expect(JSON.parse('{"a":1}')).toEqual({ a: 1 });
    expect(await inPlaceOfGlue('const look = () => 1;')).toBe(1);
  });
});
