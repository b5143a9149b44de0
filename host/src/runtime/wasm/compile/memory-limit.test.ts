import { parse } from '@bytecodealliance/jco-transpile/wasm-tools';
import { describe, expect, it } from 'vitest';
import { type Declared, divideGrowth, type Growing, growingIn } from '../../../wasm/growth-shares.ts';
import { limitGrowth } from '../../../wasm/memory-limit.ts';
import { instancesIn } from '../glue/glue.ts';
import { transpile } from './transpile.ts';

const MiB = 2 ** 20;

/** The module as the only one of a component, instantiated once. */
function bounded(module: Uint8Array, limit: number): Uint8Array {
  const growth = divideGrowth(new Map([['only', { ...growingIn(module), instances: 1 }]]), limit).get('only');
  return limitGrowth(module, growth ?? { memories: [], tables: [] });
}

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
    expect(await reachablePages(bounded(await growing(memory), limit))).toBe(pages);
  });

  it('[SBX-03] that starts above the limit is refused', async () => {
    const module = await growing('(memory 17)');
    expect(() => bounded(module, MiB)).toThrow(expect.objectContaining({ code: 'memory_over_limit' }));
  });

  it.each(['(memory 1 2 shared)', '(memory i64 1)'])(
    '[SBX-03] of a kind that cannot be bounded is refused: %s',
    async memory => {
      const module = await parse(`(module ${memory})`);
      expect(() => bounded(module, MiB)).toThrow(expect.objectContaining({ code: 'feature_forbidden' }));
    },
  );

  it('leaves a module without memory as it is', async () => {
    const module = await parse('(module (func))');
    expect(Buffer.from(bounded(module, MiB))).toEqual(Buffer.from(module));
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
      expect(await entries(bounded(await growing(table), MiB))).toEqual({ refused: -1, grown: 1 });
    },
  );

  it('[SBX-23] that starts above its limit is refused', async () => {
    const module = await parse('(module (table 200000 funcref))');
    expect(() => bounded(module, MiB)).toThrow(expect.objectContaining({ code: 'table_over_limit' }));
  });
});

describe('the tables of a component together', () => {
  it('[SBX-90] have no more entries than one might', () => {
    const of = (instances: number, minimum: number) =>
      new Map([['m', { memories: [], tables: [{ minimum }], instances }]]);
    expect(divideGrowth(of(10, 50), MiB).get('m')?.tables).toEqual([10_000]);
    expect(() => divideGrowth(of(3, 40_000), MiB)).toThrow(expect.objectContaining({ code: 'table_over_limit' }));
    expect(() => divideGrowth(of(101, 1), MiB)).toThrow(expect.objectContaining({ code: 'component_excessive' }));
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
    expect(() => bounded(module, MiB)).toThrow(expect.objectContaining({ code: 'feature_forbidden' }));
  });

  it('[SBX-23] leaves references in functions as they are', async () => {
    const module = await parse(
      '(module (type $f (func (param (ref null func) externref) (result i32))) (table 1 2 externref) (func (type $f) (i32.const 1)))',
    );
    await WebAssembly.compile(bounded(module, MiB));
  });
});

describe('the memories of a component together', () => {
  const pages = (minimum: number, maximum?: number): Declared => ({
    minimum,
    ...(maximum !== undefined && { maximum }),
  });
  const component = (...modules: (readonly [instances: number, ...memories: Declared[]])[]) =>
    new Map(
      modules.map(([instances, ...memories], index): [string, Growing & { instances: number }] => [
        `m${index}`,
        { memories, tables: [], instances },
      ]),
    );
  it.each([
    { what: 'one has it all', of: component([1, pages(17)]), gets: [[160]] },
    {
      what: 'what starts with nothing gets nothing beside it',
      of: component([1, pages(24)], [2, pages(0)]),
      gets: [[160], [0]],
    },
    { what: 'where all start with nothing, they share', of: component([2, pages(0)]), gets: [[80]] },
    {
      what: 'each has a share by what it starts with',
      of: component([1, pages(30)], [1, pages(10)]),
      gets: [[120], [40]],
    },
    {
      what: 'what one does not want the others get',
      of: component([1, pages(10, 10)], [1, pages(10)]),
      gets: [[10], [150]],
    },
    { what: 'each instance of a module counts', of: component([4, pages(1)]), gets: [[40]] },
    { what: 'each memory of a module counts', of: component([2, pages(1), pages(3)]), gets: [[20, 60]] },
  ])('[SBX-90] $what', ({ of, gets }) => {
    const growth = divideGrowth(of, 10 * MiB);
    expect([...growth.values()].map(({ memories }) => memories)).toEqual(gets);
    const total = [...of.values()].reduce(
      (sum, { instances }, index) => sum + instances * (gets[index] ?? []).reduce((all, each) => all + each, 0),
      0,
    );
    expect(total).toBeLessThanOrEqual(160);
  });

  it.each([
    { what: 'start with more', of: component([3, pages(60)]), code: 'memory_over_limit' },
    { what: 'are too many', of: component([17, pages(0)]), code: 'component_excessive' },
  ])('[SBX-90] are refused when they $what', ({ of, code }) => {
    expect(() => divideGrowth(of, 10 * MiB)).toThrow(expect.objectContaining({ code }));
  });

  it('[SBX-90] are counted as often as a module is instantiated, in nested components too', async () => {
    const bytes = await parse(`(component
      (core module $m (memory (export "memory") 1))
      (component $inner (core module $n (memory 2)) (core instance (instantiate $n)) (core instance (instantiate $n)))
      (core instance (instantiate $m)) (core instance (instantiate $m)) (core instance (instantiate $m))
      (instance (instantiate $inner)) (instance (instantiate $inner)))`);
    const files = await transpile({ bytes, asyncImports: [], asyncExports: [] }, 60_000);
    const counts = instancesIn(Buffer.from(files.get('plugin.js') ?? '').toString('utf8'));
    const sizes = [...counts].map(([name, count]) => {
      const [memory] = growingIn(files.get(name) ?? new Uint8Array()).memories;
      return [memory?.minimum, count];
    });
    expect(sizes.toSorted()).toEqual([
      [1, 3],
      [2, 4],
    ]);
  });

  it.each(['(memory 1)', '(memory 1) (export "memory 0" (func $f))', '(memory 1) (memory (export "own") 2)'])(
    '[SBX-91] are exported, so that they can be counted: %s',
    async memories => {
      const module = await parse(
        `(module (import "a" "b" (memory 1)) ${memories} (func $f) (data (memory 1) (i32.const 0) "x"))`,
      );
      const compiled = await WebAssembly.compile(bounded(module, MiB));
      const { exports } = new WebAssembly.Instance(compiled, { a: { b: new WebAssembly.Memory({ initial: 1 }) } });
      const found = Object.values(exports).filter(each => each instanceof WebAssembly.Memory);
      expect(found.length).toBe(growingIn(module).memories.length);
    },
  );
});
