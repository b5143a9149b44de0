import { parse } from '@bytecodealliance/jco-transpile/wasm-tools';
import { describe, expect, it } from 'vitest';
import { clamp } from './clamp.ts';

const MiB = 2 ** 20;

/** Pages that a module's memory can really reach. */
async function reachablePages(module: Uint8Array): Promise<number> {
  const { exports } = new WebAssembly.Instance(await WebAssembly.compile(module));
  const grow = exports.grow as (pages: number) => number;
  const size = exports.size as () => number;
  while (grow(1) !== -1);
  return size();
}

const growing = (memory: string) =>
  parse(`(module ${memory}
    (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))
    (func (export "size") (result i32) (memory.size)) (func (export "other") (drop (i32.const 1))))`);

describe('a memory', () => {
  it.each([
    { what: 'without a maximum', memory: '(memory 1)', limit: MiB, pages: 16 },
    { what: 'with a maximum above the limit', memory: '(memory 1 1000)', limit: MiB, pages: 16 },
    { what: 'with a maximum below the limit', memory: '(memory 1 3)', limit: MiB, pages: 3 },
    { what: 'that starts at the limit', memory: '(memory 16)', limit: MiB, pages: 16 },
    { what: 'whose new numbers take more bytes', memory: '(memory 1)', limit: 20 * MiB, pages: 320 },
  ])('[SBX-03] $what grows to $pages pages and no further', async ({ memory, limit, pages }) => {
    expect(await reachablePages(clamp(await growing(memory), limit))).toBe(pages);
  });

  it('[SBX-03] that starts above the limit is refused', async () => {
    const module = await growing('(memory 17)');
    expect(() => clamp(module, MiB)).toThrow(expect.objectContaining({ code: 'memory_over_limit' }));
  });

  it.each(['(memory 1 2 shared)', '(memory i64 1)'])(
    '[SBX-03] of a kind that cannot be bounded is refused: %s',
    async memory => {
      const module = await parse(`(module ${memory})`);
      expect(() => clamp(module, MiB)).toThrow(expect.objectContaining({ code: 'feature_forbidden' }));
    },
  );

  it('leaves a module without memory as it is', async () => {
    const module = await parse('(module (func))');
    expect(Buffer.from(clamp(module, MiB))).toEqual(Buffer.from(module));
  });
});

describe('a table', () => {
  const entries = async (module: Uint8Array) => {
    const { exports } = new WebAssembly.Instance(await WebAssembly.compile(module));
    const grow = exports.grow as (entries: number) => number;
    return { refused: grow(100_001), grown: grow(1000) };
  };
  const growing = (table: string) =>
    parse(
      `(module ${table} (func (export "grow") (param i32) (result i32) (table.grow $t (ref.null func) (local.get 0))))`,
    );

  it.each(['(table $t 1 funcref)', '(table $t 1 9000000 funcref)'])(
    '[SBX-23] grows, and not beyond its limit: %s',
    async table => {
      expect(await entries(clamp(await growing(table), MiB))).toEqual({ refused: -1, grown: 1 });
    },
  );

  it('[SBX-23] that starts above its limit is refused', async () => {
    const module = await parse('(module (table 200000 funcref))');
    expect(() => clamp(module, MiB)).toThrow(expect.objectContaining({ code: 'table_over_limit' }));
  });
});

describe('what would live on the heap of the lane', () => {
  it.each([
    '(type (struct (field i32)))',
    '(type (array i8))',
    '(rec (type (func)) (type (func)))',
    '(table 1 1 funcref (ref.null func))',
  ])('[SBX-23] is refused: %s', async field => {
    const module = await parse(`(module ${field})`);
    expect(() => clamp(module, MiB)).toThrow(expect.objectContaining({ code: 'feature_forbidden' }));
  });

  it('[SBX-23] leaves references in functions as they are', async () => {
    const module = await parse(
      '(module (type $f (func (param (ref null func) externref) (result i32))) (table 1 2 externref) (func (type $f) (i32.const 1)))',
    );
    await WebAssembly.compile(clamp(module, MiB));
  });
});
