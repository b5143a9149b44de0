import { parse } from '@bytecodealliance/jco-transpile/wasm-tools';
import { describe, expect, it } from 'vitest';
import { digestOf } from '../../core/digest.ts';
import { whyForbidden } from '../core-names.ts';
import { fuelImport, fuelRules, injectFuel } from './inject-fuel.ts';

const plenty = 1_000_000_000_000;

/** Instantiates a module with so much fuel, calls its export `run`, and returns what happened. */
async function run(text: string, given = plenty) {
  const fuel = new WebAssembly.Global({ value: 'i64', mutable: true }, BigInt(given));
  const module = new WebAssembly.Module(injectFuel(await parse(text)));
  try {
    const { exports } = new WebAssembly.Instance(module, { [fuelImport.module]: { [fuelImport.name]: fuel } });
    const result: unknown = (exports.run as (() => unknown) | undefined)?.();
    return { result, used: given - Number(fuel.value) };
  } catch (error) {
    return { trap: error instanceof Error ? error.message : String(error), used: given - Number(fuel.value) };
  }
}

it('[SBX-106] writes what its rules have written so far; a change of it raises fuelRules', async () => {
  const module = await parse(`(module (memory 1) (table $t 1 funcref) (global $g (mut i32) (i32.const 0))
    (func $next (param i32) (result i32) (global.set $g (i32.add (global.get $g) (local.get 0))) (global.get $g))
    (func (export "run") (local i32 i64)
      (loop $l
        (if (i32.eqz (call $next (i32.const 1))) (then (return)) (else (br_if $l (call $next (i32.const 2)))))
        (memory.fill (i32.const 0) (i32.const 1) (call $next (i32.const 3)))
        (drop (memory.grow (i32.const 1)))
        (table.fill $t (i32.const 0) (ref.null func) (i32.const 1)))))`);
  expect([fuelRules, digestOf(injectFuel(module))]).toEqual([
    1,
    'sha256:f2cdeb8b90e512e03a2d2454f53fe2b94fd809f7b9b8417ff3e24f5904c97a6b',
  ]);
});

describe('what a call uses', () => {
  const drop = '(drop (i32.const 1))';
  const costs: readonly [what: string, code: string, cost: number][] = [
    ['an empty function', '', 2],
    ['each instruction', '(drop (i32.add (i32.const 1) (i32.const 2)))', 6],
    ['nothing for blocks', '(block (block nop))', 2],
    ['its locals', `(local ${'i32 '.repeat(16)})`, 4],
    ['nothing for code that cannot be reached', `return ${drop}`, 3],
    ['an arm that is run', `(if (i32.const 1) (then ${drop.repeat(10)}) (else ${drop.repeat(20)}))`, 24],
    [
      'the other arm when that one is run',
      `(if (i32.const 0) (then ${drop.repeat(10)}) (else ${drop.repeat(20)}))`,
      44,
    ],
    ['no arm that is not run', `(if (i32.const 0) (then ${drop.repeat(10)}))`, 4],
    ['a short arm, whether it is run or not', `(if (i32.const 0) (then ${drop}))`, 6],
    ['nothing after a branch that is taken', `(block (br_if 0 (i32.const 1)) ${drop.repeat(10)})`, 4],
    ['what follows a branch that is not taken', `(block (br_if 0 (i32.const 0)) ${drop.repeat(10)})`, 24],
    ['what follows a block, with what is before it', `(block (br_if 0 (i32.const 1)) ${drop.repeat(9)}) ${drop}`, 6],
    ['a function that it calls', '(call $empty)', 5],
    ['a function that it calls last', '(return_call $empty)', 5],
    ['each pass of a loop', '(loop (br_if 0 (i32.lt_u (call $next) (i32.const 10))))', 2 + 10 * (1 + 4 + 2 + 5)],
    ['8 bytes that it fills', '(memory.fill (i32.const 0) (i32.const 1) (i32.const 65536))', 5 + 16 + 8192],
    ['8 bytes that it copies', '(memory.copy (i32.const 0) (i32.const 1) (i32.const 1000))', 5 + 16 + 125],
    ['8 bytes of a segment', '(memory.init $data (i32.const 0) (i32.const 0) (i32.const 16))', 5 + 16 + 2],
    ['a page that it adds', '(drop (memory.grow (i32.const 1)))', 4 + 2048 + 8192],
    ['an entry that it fills', '(table.fill $t (i32.const 0) (ref.null func) (i32.const 3))', 5 + 128 + 768],
    ['an entry that it copies', '(table.copy $t $t (i32.const 0) (i32.const 1) (i32.const 2))', 5 + 128 + 512],
    ['an entry of a segment', '(table.init $t $elem (i32.const 0) (i32.const 0) (i32.const 1))', 5 + 128 + 256],
    ['an entry that it adds', '(drop (table.grow $t (ref.null func) (i32.const 4)))', 5 + 32 + 1024],
  ];
  it.each(costs)('[SBX-98] counts %s', async (_, code, cost) => {
    const text = `(module (memory 1 8) (table $t 5 10 funcref) (global $n (mut i32) (i32.const 0))
      (data $data "0123456789abcdef") (elem $elem func $empty) (func $empty)
      (func $next (result i32) (global.set $n (i32.add (global.get $n) (i32.const 1))) (global.get $n))
      (func (export "run") ${code}))`;
    expect(await run(text)).toEqual({ used: cost });
    expect(await run(text, cost)).toEqual({ used: cost });
  });

  it('[SBX-98] leaves a trap of the guest, with fuel left, as it is', async () => {
    expect(await run('(module (func (export "run") unreachable))', 10)).toEqual({ trap: 'unreachable', used: 3 });
  });
});

describe('code that would not end', () => {
  const fill = '(memory.fill (i32.const 0) (i32.const 1) (i32.const 0x4000000))';
  const endless: readonly [what: string, module: string, given: number, used: number][] = [
    ['an empty loop', '(func (export "run") (loop (br 0)))', 1000, 1002],
    ['a loop around a loop', '(func (export "run") (loop (loop (br 1))))', 1000, 1001],
    ['recursion', '(func $f (export "run") (call $f) (call $f))', 1000, 1004],
    [
      'functions that call each other last',
      '(func $a (export "run") nop (return_call $b)) (func $b (return_call $a))',
      ...([1000, 1002] as const),
    ],
    [
      'calls in last place through a table',
      '(table funcref (elem $f)) (type $t (func)) (func $f (export "run") (return_call_indirect (type $t) (i32.const 0)))',
      ...([1000, 1004] as const),
    ],
    ['fills of 64 MiB in a loop', `(memory 1024) (func (export "run") (loop ${fill} (br 0)))`, 5e7, 50_331_776],
    [
      'fills of 64 MiB one after the other',
      `(memory 1024) (func (export "run") ${fill.repeat(1000)})`,
      5e7,
      50_350_650,
    ],
    [
      'memory that grows by nothing',
      '(memory 1) (func (export "run") (loop (drop (memory.grow (i32.const 0))) (br 0)))',
      5e6,
      5_000_726,
    ],
    [
      'exceptions that a loop catches',
      '(tag $e) (func (export "run") (loop (block (try_table (catch_all 0) (throw $e))) (br 0)))',
      ...([1000, 1002] as const),
    ],
    ['a start function', '(func $f (loop (br 0))) (start $f)', 1000, 1002],
  ];
  it.each(endless)('[SBX-99] is stopped at the same point each time: %s', async (_, module, given, used) => {
    const text = `(module ${module})`;
    const stopped = { trap: 'unreachable', used };
    expect([await run(text, given), await run(text, given)]).toEqual([stopped, stopped]);
  });
});

describe('the indices of a module', () => {
  it('[SBX-98] stay right wherever globals are named', async () => {
    const text = `(module
      (global $base i32 (i32.const 1)) (global $own (mut i32) (i32.const 40)) (global $copy i32 (global.get $base))
      (memory 1) (table $t 4 funcref) (func $f (result i32) (i32.const 7))
      (elem (table $t) (offset (global.get $base)) func $f) (data (offset (global.get $copy)) "\\2a")
      (export "own" (global $own)) (export "copy" (global $copy))
      (func (export "run") (result i32)
        (global.set $own (i32.add (global.get $own) (global.get $copy)))
        (i32.add (i32.mul (call_indirect $t (result i32) (i32.const 1)) (i32.const 100))
          (i32.add (i32.load8_u (i32.const 1)) (global.get $own)))))`;
    expect(await run(text)).toMatchObject({ result: 700 + 42 + 41 });
  });

  it('[SBX-100] lead no guest to the counter', async () => {
    const globals = await parse(
      '(module (global (mut i64) (i64.const 5)) (func (export "run") (global.set 0 (i64.const 9))))',
    );
    // The counter comes before the only global, and nothing comes after it.
    for (const index of [1, 2]) {
      const bytes = Buffer.from(globals);
      const at = bytes.indexOf(Buffer.of(0x42, 9, 0x24, 0)) + 3;
      bytes[at] = index;
      expect(WebAssembly.validate(bytes)).toBe(false);
      expect(WebAssembly.validate(injectFuel(bytes))).toBe(false);
    }
    expect(whyForbidden(fuelImport.module)).toBeDefined();
    expect(whyForbidden(fuelImport.name)).toBeDefined();
  });

  it('keep the names of functions for traces, and nothing else that speaks of code', async () => {
    const module = new WebAssembly.Module(
      injectFuel(await parse('(module $m (@custom "x" "y") (func $named (local $l i32)))')),
    );
    expect(WebAssembly.Module.customSections(module, 'x')).toEqual([]);
    const [names = new ArrayBuffer(0)] = WebAssembly.Module.customSections(module, 'name');
    expect(Buffer.from(names).toString('latin1')).toContain('named');
  });
});

describe('what cannot be charged', () => {
  it.each([
    ['garbage-collected types', '(type (struct))'],
    ['instructions on them', '(func (drop (ref.i31 (i32.const 1))))'],
    ['a table with an initial value', '(table 1 1 funcref (ref.null func))'],
    ['a memory of 64 bits', '(memory i64 1)'],
    ['an imported memory of 64 bits', '(import "a" "b" (memory i64 1))'],
    ['a shared memory', '(memory 1 2 shared)'],
    ['a table of 64 bits', '(table i64 1 funcref)'],
    [
      'wide arithmetic',
      '(func (param i64 i64 i64 i64) (result i64 i64) (i64.add128 (local.get 0) (local.get 1) (local.get 2) (local.get 3)))',
    ],
  ])('[SBX-101] is refused: %s', async (_, field) => {
    const module = await parse(`(module ${field})`);
    expect(() => injectFuel(module)).toThrow(expect.objectContaining({ code: 'feature_forbidden' }));
  });

  it.each([
    ['no module', Buffer.from('\0asm\x0d\0\x01\0', 'latin1')],
    [
      'code without an end',
      Buffer.from('\0asm\x01\0\0\0\x01\x04\x01\x60\0\0\x03\x02\x01\0\x0a\x04\x01\x02\0\x01', 'latin1'),
    ],
    [
      'code after its end',
      Buffer.from('\0asm\x01\0\0\0\x01\x04\x01\x60\0\0\x03\x02\x01\0\x0a\x05\x01\x03\0\x0b\x0b', 'latin1'),
    ],
    [
      'a branch out of the function',
      Buffer.from('\0asm\x01\0\0\0\x01\x04\x01\x60\0\0\x03\x02\x01\0\x0a\x06\x01\x04\0\x0c\x01\x0b', 'latin1'),
    ],
    ['code of no function', Buffer.from('\0asm\x01\0\0\0\x0a\x04\x01\x02\0\x0b', 'latin1')],
    ['two lists of imports', Buffer.from('\0asm\x01\0\0\0\x02\x01\0\x02\x01\0', 'latin1')],
    ['a custom section whose name is no text', Buffer.from('\0asm\x01\0\0\0\0\x02\x01\xff', 'latin1')],
    ['a function of no type', Buffer.from('\0asm\x01\0\0\0\x03\x02\x01\0\x0a\x04\x01\x02\0\x0b', 'latin1')],
  ])('[SBX-101] is refused: %s', (_, module) => {
    expect(() => injectFuel(module)).toThrow(expect.objectContaining({ code: 'component_malformed' }));
  });
});
