import { describe, expect, it } from 'vitest';
import { contract, dummyGuest, wasiGuest } from '../../../test/fixtures/guest.ts';
import { guestDescriptor } from '../../../test/fixtures/guest-descriptor.ts';
import { nested, withParts } from '../../../test/fixtures/odd-component.ts';
import { contractFunctions } from '../contract/generated/functions.ts';
import { toFaults } from '../core/fault.ts';
import { componentSection } from '../wasm/binary-format.ts';
import { section } from '../wasm/binary-writer.ts';
import { componentInfo } from '../wasm/component-info.ts';
import { componentTypes } from '../wasm/component-type.ts';
import { checkContract } from './check-contract.ts';

const everything = guestDescriptor('typed', {
  required_capabilities: [
    ...['clock', 'random', 'outbound_http', 'kv_store', 'secret_store', 'metrics', 'audit', 'tool_call'],
    ...['request_headers', 'identity_claims'],
  ],
});

function mismatches(bytes: Uint8Array) {
  try {
    checkContract(everything, { ...componentInfo(bytes), types: componentTypes(bytes) });
    return [];
  } catch (error) {
    return toFaults(error).map(({ code, details: { plugin: _, ...details } }) => ({ code, ...details }));
  }
}

const replaced = (find: string | RegExp, put: string) => (wit: string) => {
  const changed = wit.replace(find, put);
  if (changed === wit) throw new Error(`the contract has no ${find}`);
  return changed;
};

const log = 'sallyport:plugin/log@0.1.0';
const context = 'sallyport:plugin/context@0.1.0';
const hooks = 'sallyport:plugin/dispatch-hooks@0.1.0';

describe('a component is compared with the contract by its own types', () => {
  it('[SBX-86] and passes when it was built against it', async () => {
    expect(mismatches(await dummyGuest(everything, wit => wit))).toEqual([]);
  });

  it('[SBX-86] and passes when it imports functions of WASI as they are', async () => {
    const script = `export const lifecycle = { configure() {} };
      export const dispatchHooks = { beforeDispatch: () => ({ tag: 'proceed' }), afterDispatch: () => ({ tag: 'proceed' }) };`;
    const bytes = await wasiGuest(everything, script);
    expect(componentInfo(bytes).imports.filter(name => name.startsWith('wasi:')).length).toBeGreaterThan(5);
    expect(mismatches(bytes)).toEqual([]);
  });

  it.each([
    {
      what: 'a text that is a record',
      change: replaced('set: func(key: string,', 'set: func(key: tuple<f64, u32>,'),
      expected: [
        { import: context, function: 'set', differs: 'parameter key', expected: 'string', found: 'tuple<f64, u32>' },
      ],
    },
    {
      what: 'a text that is bytes',
      change: replaced('write: func(level: level, message: string);', 'write: func(level: level, message: list<u8>);'),
      expected: [
        { import: log, function: 'write', differs: 'parameter message', expected: 'string', found: 'list<u8>' },
      ],
    },
    {
      what: 'one parameter less',
      change: replaced('write: func(level: level, message: string);', 'write: func(level: level);'),
      expected: [
        { import: log, function: 'write', differs: 'its parameters', expected: 'level, message', found: 'level' },
      ],
    },
    {
      what: 'an enum with a case more',
      change: replaced('enum level { debug, info, warn, error }', 'enum level { debug, info, warn, error, fatal }'),
      expected: [
        {
          ...{ import: log, function: 'write', differs: 'parameter level' },
          ...{ expected: 'enum { debug, info, warn, error }', found: 'enum { debug, info, warn, error, fatal }' },
        },
      ],
    },
    {
      what: 'an import with a function that nobody knows',
      change: replaced(
        'get: func(key: string) -> option<string>;\n  set:',
        'get: func(key: string) -> option<string>;\n  to-string: func() -> string;\n  set:',
      ),
      expected: [{ import: context, function: 'to-string', differs: 'the contract has no such function' }],
    },
    {
      what: 'a number in an opaque block that is a list',
      change: replaced('opaque(u32)', 'opaque(list<string>)'),
      expected: [
        {
          ...{ import: 'sallyport:plugin/tool-call@0.1.0', function: 'call', expected: 'u32', found: 'list<string>' },
          differs: 'its result, ok, field content, its elements, case opaque',
        },
        {
          ...{ export: hooks, function: 'before-dispatch', expected: 'u32', found: 'list<string>' },
          differs: 'its result, ok, case respond, case tool-result, field content, its elements, case opaque',
        },
        {
          ...{ export: hooks, function: 'after-dispatch', expected: 'u32', found: 'list<string>' },
          differs: 'parameter response, case tool-result, field content, its elements, case opaque',
        },
      ],
    },
    {
      what: 'a code that is a number',
      change: replaced('    code: string,', '    code: u64,'),
      expected: [
        {
          ...{ import: 'sallyport:plugin/tool-call@0.1.0', function: 'call', expected: 'string', found: 'u64' },
          differs: 'its result, err, case blocked, field code',
        },
        {
          ...{ export: hooks, function: 'before-dispatch', expected: 'string', found: 'u64' },
          differs: 'its result, ok, case block, field code',
        },
        {
          ...{ export: hooks, function: 'after-dispatch', expected: 'string', found: 'u64' },
          differs: 'its result, ok, case block, field code',
        },
      ],
    },
    {
      what: 'a call without its record',
      change: replaced('tool-call(tool-call),', 'tool-call,'),
      expected: [
        {
          ...{ export: hooks, function: 'before-dispatch', differs: 'parameter request, case tool-call' },
          ...{ expected: 'record { name: string, arguments: string }', found: 'nothing' },
        },
      ],
    },
    {
      what: 'a field that the contract does not have',
      change: replaced('is-error: bool,', 'is-error: bool, more: string,'),
      expected: [
        { import: 'sallyport:plugin/tool-call@0.1.0', function: 'call' },
        { export: hooks, function: 'before-dispatch' },
        { export: hooks, function: 'after-dispatch' },
      ],
    },
    {
      what: 'a text instead of an outcome',
      change: replaced('-> result<response-outcome, string>', '-> string'),
      expected: [{ export: hooks, function: 'after-dispatch', differs: 'its result', found: 'string' }],
    },
    {
      what: 'cases of any name',
      change: replaced('  variant response-outcome {\n    proceed,', '  variant response-outcome {\n    whatever,'),
      expected: [{ export: hooks, function: 'after-dispatch' }],
    },
    {
      what: 'lists of fixed length',
      change: replaced('data: list<u8>,', 'data: list<u8, 60000000>,'),
      expected: [
        { function: 'call', found: 'list<u8, 60000000>' },
        { function: 'before-dispatch', found: 'list<u8, 60000000>' },
        { function: 'after-dispatch', found: 'list<u8, 60000000>' },
      ],
    },
    {
      what: 'an exported function less',
      change: replaced(/ {2}after-dispatch: .*/, ''),
      expected: [{ export: hooks, function: 'after-dispatch', differs: 'the function is missing' }],
    },
    {
      what: 'an exported function more',
      change: replaced('configure: func', 'shut-down: func();\n  configure: func'),
      expected: [
        {
          ...{ export: 'sallyport:plugin/lifecycle@0.1.0', function: 'shut-down' },
          differs: 'the contract has no such function',
        },
      ],
    },
  ])('[SBX-86] and is refused with $what', async ({ change, expected }) => {
    const found = mismatches(await dummyGuest(everything, change));
    expect(found).toEqual(expected.map(each => expect.objectContaining({ code: 'contract_mismatch', ...each })));
  });

  it('[SBX-86] and is refused when it imports a function of WASI under another type', async () => {
    const poll =
      'package wasi:io@0.2.0 { interface poll { resource pollable { block: func(); } poll: func(in: list<u32>) -> list<u32>; } }';
    const world = `world plugin { import wasi:io/poll@0.2.0; export lifecycle; export dispatch-hooks; }`;
    const bytes = await dummyGuest(everything, wit => `${wit}\n${poll}`, world);
    expect(mismatches(bytes)).toEqual([
      {
        ...{
          code: 'contract_mismatch',
          import: 'wasi:io/poll@0.2.0',
          function: 'poll',
          expected: 'borrow<wasi:io/poll/pollable>',
        },
        ...{ differs: 'parameter in, its elements', found: 'u32' },
      },
    ]);
  });

  it('[SBX-87] and is refused with an export that makes a promise of all of them', async () => {
    const world = 'world plugin { export lifecycle; export dispatch-hooks; export then: func(); }';
    expect(mismatches(await dummyGuest(everything, wit => wit, world))).toEqual([
      { code: 'contract_mismatch', export: 'then', differs: expect.stringContaining('promise') },
    ]);
  });

  it('[SBX-86] and lacks no function that it does not use', async () => {
    const bytes = await dummyGuest(everything, replaced(/ {2}get-shared: [\s\S]*?set-shared: .*/, ''));
    expect(mismatches(bytes)).toEqual([]);
  });

  it('[SBX-86] and every function of the contract is known', async () => {
    const wit = await contract();
    const written = [...wit.matchAll(/^ {2}%?[\w-]+: func\(/gm)];
    const known = Object.values(contractFunctions).flatMap(functions => Object.keys(functions));
    expect(known.length).toBe(written.length);
    expect(known.length).toBeGreaterThan(30);
  });
});

describe('types are read within bounds', () => {
  const typeSection = (...content: number[]) => section(componentSection.type, content);
  it.each([
    ['types nested without end', typeSection(1, ...Array(300).fill([0x42, 0x01, 0x01]).flat()), 'component_excessive'],
    ['a type that is not there', typeSection(1, 0x70, 0xff, 0x01), 'component_malformed'],
    ['an unknown kind of type', typeSection(1, 0x30), 'feature_forbidden'],
    ['an alias that leads out', section(componentSection.alias, [1, 0x03, 0x02, 0x05, 0x00]), 'component_malformed'],
    ['a component value', section(componentSection.value, [1, 0x7f, 0x00]), 'feature_forbidden'],
  ])('[SBX-86] and %s is refused', async (_, part, code) => {
    const honest = await dummyGuest(everything, wit => wit);
    expect(() => componentTypes(withParts(honest, { sections: [part] }))).toThrow(expect.objectContaining({ code }));
  });

  it('[SBX-86] and a component that is given itself without end is refused', () => {
    const name = [1, 0x78];
    const given = [0x00, 0x00, 1, ...name, 0x04, 0x00];
    const empty = nested(1).subarray(2);
    const inner = withParts(empty, {
      sections: [
        section(componentSection.type, [1, 0x41, 0]),
        section(componentSection.import, [1, 0x00, ...name, 0x04, 0x00]),
        section(componentSection.instance, [1, ...given]),
      ],
    });
    const outer = withParts(empty, {
      sections: [section(componentSection.component, inner), section(componentSection.instance, [1, ...given])],
    });
    expect(() => componentTypes(outer)).toThrow(expect.objectContaining({ code: 'component_excessive' }));
  });

  it('[SBX-86] and a component that instantiates itself 2^20 times over is refused', async () => {
    const instantiateTwice = (inner: Uint8Array) => [
      section(componentSection.component, inner),
      section(componentSection.instance, [2, 0, 0, 0, 0, 0, 0]),
    ];
    const empty = nested(1).subarray(2);
    let bytes = empty;
    for (let level = 0; level < 20; level += 1) bytes = withParts(empty, { sections: instantiateTwice(bytes) });
    expect(() => componentTypes(bytes)).toThrow(expect.objectContaining({ code: 'component_excessive' }));
  });
});
