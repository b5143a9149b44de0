import { parse } from '@bytecodealliance/jco-transpile/wasm-tools';
import { describe, expect, it } from 'vitest';
import { clampMemory } from './memory-clamp.ts';

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
    expect(await reachablePages(clampMemory(await growing(memory), limit))).toBe(pages);
  });

  it('[SBX-03] that starts above the limit is refused', async () => {
    const module = await growing('(memory 17)');
    expect(() => clampMemory(module, MiB)).toThrow(expect.objectContaining({ code: 'memory_over_limit' }));
  });

  it.each(['(memory 1 2 shared)', '(memory i64 1)'])(
    '[SBX-03] of a kind that cannot be bounded is refused: %s',
    async memory => {
      const module = await parse(`(module ${memory})`);
      expect(() => clampMemory(module, MiB)).toThrow(expect.objectContaining({ code: 'component_malformed' }));
    },
  );

  it('leaves a module without memory as it is', async () => {
    const module = await parse('(module (func))');
    expect(clampMemory(module, MiB)).toBe(module);
  });
});
