import { constants, createContext } from 'node:vm';
import { Worker } from 'node:worker_threads';
import { beforeAll, describe, expect, it } from 'vitest';
import { callContext, calls, toolCall } from '../../../../test/fixtures/hook-calls.ts';
import { documentedBlock } from '../../../../test/fixtures/markdown.ts';
import { reachText } from '../../../../test/fixtures/reach.ts';
import { memoryFacilities } from '../../../../test/fixtures/sandboxed.ts';
import type { Grant } from '../../capability/grant.ts';
import { capabilities } from '../../capability/registry.ts';
import { silentLog } from '../../core/log.ts';
import { defaultLimits } from '../limits.ts';
import { createWasmRuntime } from './wasm-runtime.ts';

interface Reached {
  readonly globals: readonly string[];
  readonly found: readonly Found[];
}
type Found = readonly [way: string, members: readonly string[], isFrozen: boolean];

/** Stands where jco's glue would, and tells all that it can reach: from its realm, its imports, and what they make. */
const spy = `
  function instantiate(getCoreModule, imports, instantiateCore) {
    const reach = ${reachText};
    const given = ['TextDecoder', 'TextEncoder', 'queueMicrotask', 'setTimeout', 'meterLifted'];
    const thrownBy = action => { try { return action(); } catch (error) { return error; } };
    const stored = () => {
      const kv = imports['sallyport:plugin/kv-store'];
      kv.set('a', new Uint8Array(1));
      return kv.get('a');
    };
    const look = () => {
      const globals = Object.getOwnPropertyNames(globalThis);
      const known = new Set([globalThis]);
      reach(globals.filter(name => !given.includes(name)).map(name => [name, globalThis[name]]), known);
      const found = reach([
        ...given.map(name => [name, globalThis[name]]),
        ...Object.entries(imports),
        ['getCoreModule', getCoreModule],
        ['instantiateCore', instantiateCore],
        ['new TextDecoder()', new TextDecoder()],
        ['encoded', new TextEncoder().encode('')],
        ['timer', setTimeout(() => {}, 1)],
        ['promise', imports['sallyport:plugin/tool-call'].call('', '{}')],
        ['stored', stored()],
        ['stdin', imports['wasi:cli/stdin'].getStdin()],
        ['stdout', imports['wasi:cli/stdout'].getStdout()],
        ['error of new TextDecoder', thrownBy(() => new TextDecoder('none'))],
        ['error of fatal', thrownBy(() => new TextDecoder('utf-8', { fatal: true }).decode(new Uint8Array([255])))],
        ['error of decode', thrownBy(() => new TextDecoder().decode(1))],
        ['error of encodeInto', thrownBy(() => new TextEncoder().encodeInto('', 1))],
        ['error of encode', thrownBy(() => TextEncoder.prototype.encode.call({}))],
        ['error of a host function', thrownBy(() => imports['sallyport:plugin/random'].bytes(1000000000))],
        ['error of a stored value', thrownBy(() => imports['sallyport:plugin/kv-store'].get(''))],
        ['error of an argument', thrownBy(() => imports['sallyport:plugin/log'].write('constructor', {}))],
      ], known);
      return { globals, found };
    };
    return {
      'sallyport:plugin/lifecycle@0.1.0': { configure() {} },
      'sallyport:plugin/dispatch-hooks@0.1.0': {
        beforeDispatch: () => ({ tag: 'block', val: { code: 'SPY', reason: JSON.stringify(look()), description: '' } }),
      },
    };
  }
  return instantiate;`;

/** The smallest argument that a grant may have. */
const arguments_ = [{}, { names: ['x'] }, { allow: ['https://a.example'] }, { tools: ['x'] }];

async function spyOut(): Promise<Reached> {
  const granted = new Map(
    capabilities.map(({ name, grant }) => {
      const fitting = arguments_.map(each => grant.safeParse(each)).find(({ success }) => success);
      if (fitting === undefined) throw new Error(`no argument for ${name}`);
      return [name, fitting.data];
    }),
  );
  const runtime = createWasmRuntime({ capabilities, log: silentLog() });
  const component = { glue: spy, modules: new Map(), instances: new Map(), binaries: new Map(), asynchronous: true };
  const grant = {
    granted,
    denied: new Set(),
    learning: false,
    isShadow: false,
    refusedInShadow: new Set(),
  } as unknown as Grant;
  const limits = { ...defaultLimits, timeoutMs: 20_000 };
  await using runner = await runtime.open([{ id: 'spy', component, grant, config: {}, limits }], memoryFacilities());
  const { reports } = await runner.run({
    stage: 'before',
    context: callContext,
    calls: calls('spy'),
    value: toolCall({}),
  });
  const [report] = reports;
  if (report?.outcome !== 'block') throw new Error(JSON.stringify(reports));
  return JSON.parse(report.violation.reason) as Reached;
}

/** Wraps words into lines of bounded length. */
function wrapped(words: readonly string[], indent = ''): string {
  const lines: string[] = [];
  for (const word of words) {
    const last = lines.at(-1);
    if (last !== undefined && `${last} ${word}`.length <= 118) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(`${lines.length === 0 ? '' : indent}${word}`);
  }
  return `${lines.join('\n')}\n`;
}

const ofEachFunction = new Set(['length', 'name', 'prototype', 'constructor', 'arguments', 'caller']);

/** One entry for each object that has more to offer than every function has. */
const entries = ({ found }: Reached): string =>
  found
    .map(([way, members]): [string, string[]] => [way, members.filter(name => !ofEachFunction.has(name))])
    .filter(([, members]) => members.length > 0)
    .map(([way, members]) => wrapped([`${way}:`, ...members], '  '))
    .join('');

describe('code that replaces the glue', () => {
  let reached: Reached;
  beforeAll(async () => {
    reached = await spyOut();
  });

  it('[SBX-68] has the names in its realm that are documented, and no others', () => {
    expect(wrapped(reached.globals)).toBe(documentedBlock('globals'));
  });

  it('[SBX-68] reaches outside of its realm what is documented, and no more', () => {
    expect(entries(reached)).toBe(documentedBlock('functions') + documentedBlock('outside'));
  });

  it('[SBX-69] cannot change what it shares with the lane and with other plugins', () => {
    /** Made for this instance, or just now. */
    const own =
      /^(TextDecoder(\.prototype(\.decode)?)?|meterLifted|getCoreModule|instantiateCore|stdin|stdout|new TextDecoder\(\)|encoded|stored|promise|error of [\w ]+)$|^error of [\w ]+\.(stack|payload)/;
    const open = reached.found.filter(([way, , isFrozen]) => !isFrozen && !own.test(way)).map(([way]) => way);
    expect(open).toEqual([]);
  });

  it('[SBX-69] finds no timers of others behind its own', () => {
    expect(reached.found.filter(([way]) => way.startsWith('timer'))).toEqual([]);
  });
});

describe('the thread of a lane, outside of the realms', () => {
  const program = `
    import { parentPort } from 'node:worker_threads';
    import { hardenThread } from '${new URL('./lane/harden.ts', import.meta.url)}';
    hardenThread();
    const say = attempt => { try { return String(attempt()); } catch (error) { return 'refused: ' + error.name; } };
    parentPort.postMessage({
      globals: Object.getOwnPropertyNames(globalThis),
      attempts: [
        () => (() => {}).constructor('return 1')(),
        () => globalThis.eval('1'),
        () => new globalThis.Function('return 1')(),
        () => { Map.prototype.get = () => 1; },
        () => { Object.prototype.then = () => 1; },
        () => { Promise.prototype.then = () => 1; },
        () => { Error.prepareStackTrace = () => 1; },
      ].map(say),
    });`;
  let told: { globals: string[]; attempts: string[] };
  beforeAll(async () => {
    const thread = new Worker(new URL(`data:text/javascript,${encodeURIComponent(program)}`), { env: {} });
    told = await new Promise((resolve, reject) => thread.once('message', resolve).once('error', reject));
    await thread.terminate();
  });

  it('[SBX-70] has the names that are documented, and no others', () => {
    const language = new Set(Object.getOwnPropertyNames(createContext(constants.DONT_CONTEXTIFY)));
    expect(wrapped(told.globals.filter(name => !language.has(name)))).toBe(documentedBlock('thread'));
  });

  it('[SBX-70] makes no code of text, and nobody changes the language in it', () => {
    expect(told.attempts).toEqual(told.attempts.map(() => 'refused: TypeError'));
  });
});
