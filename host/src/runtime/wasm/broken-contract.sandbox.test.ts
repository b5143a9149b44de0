import { describe, expect, it } from 'vitest';
import { jsGuest, type WatGuest, watGuest } from '../../../../test/fixtures/guest.ts';
import { guestDescriptor } from '../../../../test/fixtures/guest-descriptor.ts';
import { callContext, calls, toolCall, toolResult } from '../../../../test/fixtures/hook-calls.ts';
import { openGuests } from '../../../../test/fixtures/sandboxed.ts';
import type { Request, Response } from '../../contract/generated/types.js';
import type { ChainInput, ChainOutput } from '../../contract/hook-call.ts';
import { createLog } from '../../core/log.ts';
import { checkOutput } from './pool/check-output.ts';

const replaced = (find: string, put: string) => (wit: string) => {
  if (!wit.includes(find)) throw new Error(`the contract has no ${find}`);
  return wit.replace(find, put);
};
/** Bytes at an address, as WebAssembly text. */
const at = (address: number, ...bytes: readonly number[]) =>
  `(data (i32.const ${address}) "${bytes.map(byte => `\\${byte.toString(16).padStart(2, '0')}`).join('')}")`;

const honest = () =>
  jsGuest(
    guestDescriptor('honest'),
    `export const lifecycle = { configure() {} };
    export const dispatchHooks = { beforeDispatch: () => ({ tag: 'proceed' }), afterDispatch: () => ({ tag: 'proceed' }) };`,
  );

const before = { stage: 'before', value: toolCall({}) } as const;
const after = { stage: 'after', value: toolResult('said') } as const;

interface Broken extends WatGuest {
  readonly what: string;
  readonly on: typeof before | typeof after;
  readonly says: RegExp;
}

/** None of these would be loaded. Here they run, in the lanes of a gateway that did not look at their types. */
const answers: readonly Broken[] = [
  {
    what: 'a violation whose code is a bigint',
    on: before,
    change: replaced('    code: string,', '    code: u64,'),
    fields: at(1024, 0, 0, 0, 0, 0, 0, 0, 0, 3),
    says: /BigInt|code is not a string/,
  },
  {
    what: 'a changed request without its record',
    on: before,
    change: replaced('tool-call(tool-call),', 'tool-call,'),
    fields: at(1024, 0, 0, 0, 0, 1),
    says: /undefined|tool-call is not a record/,
  },
  {
    what: 'a tool whose name is a number',
    on: before,
    change: replaced('record tool-call {\n    name: string,', 'record tool-call {\n    name: u32,'),
    fields: at(1024, 0, 0, 0, 0, 1),
    says: /name is not a string/,
  },
  {
    what: 'an opaque block whose number is a list',
    on: after,
    change: replaced('opaque(u32)', 'opaque(list<string>)'),
    // result ok, outcome modified, tool-result, one block at 2048: opaque of no texts.
    fields: `${at(1024, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 8, 0, 0, 1)} ${at(2048, 3)}`,
    says: /content at 0 opaque is not an integer/,
  },
  {
    what: 'a result whose error flag is a number',
    on: after,
    change: replaced('is-error: bool,', 'is-error: u32,'),
    fields: at(1024, 0, 0, 0, 0, 1),
    says: /isError is not a boolean/,
  },
  {
    what: 'a text instead of an outcome',
    on: after,
    change: replaced('-> result<response-outcome, string>', '-> string'),
    says: /outcome is not allowed by after-dispatch/,
  },
  {
    what: 'an outcome of another name',
    on: after,
    change: replaced('  variant response-outcome {\n    proceed,', '  variant response-outcome {\n    whatever,'),
    says: /outcome is not allowed by after-dispatch/,
  },
];

const log = createLog('debug', { write() {} });

async function run(guest: WatGuest, on: typeof before | typeof after, times = 1): Promise<ChainOutput[]> {
  const broken = await watGuest(guestDescriptor('broken'), guest);
  await using runner = await openGuests([{ bytes: broken }, { bytes: await honest() }], { log });
  const input = { calls: calls('broken', 'honest'), context: callContext, ...on } as ChainInput;
  return await Promise.all(Array.from({ length: times }, () => runner.run(input)));
}

describe('a guest that was built against another contract, in lanes that did not look at its types', () => {
  it.each(answers)('[SBX-88] fails by itself with $what', async ({ on, says, what: _, ...guest }) => {
    // Several travel in one message: none of them costs another its lane.
    for (const { reports, value, answer } of await run(guest, on, 5)) {
      expect(reports).toEqual([
        expect.objectContaining({
          ...{ plugin: 'broken', outcome: 'failed', cause: 'invalid_output' },
          message: expect.stringMatching(says),
        }),
      ]);
      expect([value, answer]).toEqual([undefined, undefined]);
    }
  });

  it.each([
    {
      what: 'context',
      change: replaced('set: func(key: string,', 'set: func(key: tuple<f64, u32>,'),
      fields: '(import "sallyport:plugin/context@0.1.0" "set" (func $set (param f64 i32 i32 i32)))',
      before: '(call $set (f64.const -1e12) (i32.const 1) (i32.const 0) (i32.const 0))',
      says: 'sallyport:plugin/context#set: key is not a string',
    },
    {
      what: 'shared state',
      change: replaced(
        'set-shared: func(key: string, value: string)',
        'set-shared: func(key: string, value: list<u8>)',
      ),
      fields: '(import "sallyport:plugin/context@0.1.0" "set-shared" (func $set (param i32 i32 i32 i32)))',
      before: '(call $set (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0))',
      says: 'sallyport:plugin/context#setShared: value is not a string',
    },
    {
      what: 'log',
      change: replaced('write: func(level: level, message: string);', 'write: func(level: level, message: list<u8>);'),
      fields: '(import "sallyport:plugin/log@0.1.0" "write" (func $write (param i32 i32 i32)))',
      before: '(call $write (i32.const 1) (i32.const 0) (i32.const 100000))',
      says: 'sallyport:plugin/log#write: message is not a string',
    },
    {
      what: 'levels of the log',
      change: replaced('enum level { debug, info, warn, error }', 'enum level { to-string, info, warn, error }'),
      fields: '(import "sallyport:plugin/log@0.1.0" "write" (func $write (param i32 i32 i32)))',
      before: '(call $write (i32.const 0) (i32.const 0) (i32.const 0))',
      says: 'sallyport:plugin/log#write: level is not one of debug, info, warn, error',
    },
  ])('[SBX-89] fails where it hands $what something else', async ({ says, what: _, ...guest }) => {
    const [output] = await run(guest, before);
    expect(output?.reports).toEqual([
      expect.objectContaining({ plugin: 'broken', outcome: 'failed', cause: 'invalid_output', message: says }),
    ]);
    expect(output?.state).toBeUndefined();
  });

  it('[SBX-89] finds nothing under the names that all objects have', async () => {
    const bytes = await watGuest(guestDescriptor('broken'), {
      change: replaced('get: func(key: string) -> option<string>;', 'to-string: func() -> string;'),
      fields: '(import "sallyport:plugin/context@0.1.0" "to-string" (func $get (param i32)))',
      before: '(call $get (i32.const 2048))',
    });
    await expect(openGuests([{ bytes }], { log })).rejects.toMatchObject({
      faults: [
        {
          code: 'plugin_start_failed',
          details: { reason: expect.stringContaining("undefined instance import 'toString'") },
        },
      ],
    });
  });
});

describe('what a lane says that is not one of ours', () => {
  const said = (output: unknown, on: typeof before | typeof after = before) =>
    checkOutput(output as ChainOutput, { calls: calls('a', 'b'), context: callContext, ...on } as ChainInput);
  const report = (plugin: string, outcome: string, more: object = {}) => ({ plugin, wallMs: 1, outcome, ...more });
  const failed = (plugin: string, message: string) => ({
    ...{ plugin, wallMs: 1, outcome: 'failed', cause: 'invalid_output' },
    message: expect.stringContaining(message),
  });
  const changed: Request = { tag: 'tool-call', val: { name: 'x', arguments: '{}' } };
  const result: Response = { tag: 'tool-result', val: { content: [{ tag: 'text', val: 'x' }], isError: false } };

  it('[SBX-88] is taken as it is where it is of the contract', () => {
    const output = { reports: [report('a', 'modified'), report('b', 'respond')], value: changed, answer: result };
    expect(said(output)).toEqual(output);
    const bytes = { tag: 'blob', val: { mimeType: 'image/png', data: new Uint8Array(3) } };
    const shown = {
      reports: [report('a', 'modified')],
      value: { tag: 'tool-result', val: { ...result.val, content: [bytes] } },
    };
    expect(said(shown, after)).toEqual(shown);
    const state = { local: new Map([['a', new Map([['k', 'v']])]]), shared: new Map() };
    expect(said({ reports: [report('a', 'proceed')], state })).toEqual({ reports: [report('a', 'proceed')], state });
    const violation = { code: 'C', reason: 'r', description: '' };
    expect(said({ reports: [report('a', 'block', { violation })] })).toEqual({
      reports: [report('a', 'block', { violation })],
    });
  });

  it.each([
    [
      'a value with another tag',
      { reports: [report('a', 'modified')], value: { tag: 'constructor', val: {} } },
      'a case that is not one of',
    ],
    ['a value that is none', { reports: [report('a', 'modified')], value: null }, 'is not a variant'],
    ['an outcome that no hook has', { reports: [report('a', '__proto__')] }, 'its outcome'],
    ['times that are none', { reports: [report('a', 'proceed', { wallMs: '1' })] }, 'not in numbers'],
    [
      'a failure without a cause',
      { reports: [report('a', 'failed', { cause: 'toString', message: 'x' })] },
      'no cause',
    ],
    [
      'a violation that is none',
      { reports: [report('a', 'block', { violation: { code: 'C', reason: {} } })] },
      'reason is not a string',
    ],
    ['the name of another plugin', { reports: [report('b', 'proceed')] }, 'another plugin'],
  ])('[SBX-88] is the invalid output of its call with %s', (_, output, message) => {
    const { reports, value } = said(output);
    expect(reports).toEqual([expect.objectContaining({ ...failed('a', message), wallMs: expect.any(Number) })]);
    expect(value).toBeUndefined();
  });

  it('[SBX-88] blames who changed the value last, and forgets what came of it', () => {
    const output = {
      reports: [report('a', 'modified'), report('b', 'failed', { cause: 'invalid_output', message: 'TypeError' })],
      value: { tag: 'tool-call', val: { name: 5, arguments: '{}' } },
    };
    expect(said(output)).toEqual({ reports: [failed('a', 'name is not a string')] });
    const second = { ...output, reports: [report('a', 'modified'), report('b', 'modified')] };
    expect(said(second)).toEqual({
      reports: [report('a', 'modified'), failed('b', 'name is not a string')],
      value: before.value,
    });
  });

  it('[SBX-88] has a changed value where it says so, unless what changed it failed in the end', () => {
    expect(said({ reports: [report('a', 'modified')] })).toEqual({ reports: [failed('a', 'is not a variant')] });
    const failure = report('b', 'failed', { cause: 'invalid_output', message: 'BigInt' });
    const output = { reports: [report('a', 'modified'), failure] };
    expect(said(output)).toEqual({ ...output, value: before.value });
  });

  it('[SBX-88] gives no answer after a hook, and no bytes that another thread could change', () => {
    expect(said({ reports: [report('a', 'respond')], answer: result }, after)).toEqual({
      reports: [failed('a', 'its outcome')],
    });
    const shared = new Uint8Array(new SharedArrayBuffer(4));
    const content = [{ tag: 'blob', val: { mimeType: 'image/png', data: shared } }];
    const value = { tag: 'tool-result', val: { content, isError: false } };
    expect(said({ reports: [report('a', 'modified')], value }, after)).toEqual({
      reports: [failed('a', 'shared memory')],
    });
  });

  it.each([
    ['a text instead of a map', { local: 'x', shared: new Map() }],
    ['values that are no texts', { local: new Map(), shared: new Map([['k', new Uint8Array(3)]]) }],
    ['entries that are none', { local: new Map([['a', { k: 'v' }]]), shared: new Map() }],
  ])('[SBX-89] keeps no state with %s', (_, state) => {
    expect(said({ reports: [report('a', 'proceed')], state })).toEqual({ reports: [report('a', 'proceed')] });
  });
});
