import { describe, expect, it } from 'vitest';
import { componentSection, coreSection, emptyComponent, emptyModule, formatOf, sectionName } from './binary-format.ts';
import { BinaryReader, sectionsOf } from './binary-reader.ts';
import { component, concat, coreModule, customSection, name, section, sized, u32, vector } from './binary-writer.ts';

const readerOf = (...bytes: number[]) => new BinaryReader(Uint8Array.from(bytes));
const malformed = expect.objectContaining({ code: 'component_malformed' });

describe('numbers in LEB128', () => {
  it.each([0, 1, 0x7f, 0x80, 0x3fff, 0x4000, 0x7fffffff, 0x80000000, 0xffffffff])(
    'reads %i as it was written, byte for byte what WebAssembly expects',
    value => {
      const reader = new BinaryReader(u32(value));
      expect(reader.u32()).toBe(value);
      expect(reader.done).toBe(true);
    },
  );

  it('writes the shortest form', () => {
    expect([...u32(624485)]).toEqual([0xe5, 0x8e, 0x26]);
  });

  it.each([
    ['more than 32 bits', [0xff, 0xff, 0xff, 0xff, 0x7f]],
    ['more than five bytes', [0x80, 0x80, 0x80, 0x80, 0x80, 0x01]],
    ['no end', [0x80]],
  ])('refuses a number with %s', (_, bytes) => {
    expect(() => readerOf(...bytes).u32()).toThrow(malformed);
  });

  it.each([
    ['ten bytes', [...Array(9).fill(0xff), 0x7f], true],
    ['eleven bytes', [...Array(10).fill(0xff), 0x7f], false],
  ])('skips a number of 64 bits: %s', (_, bytes, fits) => {
    const reader = readerOf(...bytes);
    if (!fits) return expect(() => reader.skipInteger()).toThrow(malformed);
    reader.skipInteger();
    return expect(reader.done).toBe(true);
  });
});

it.each([
  ['i32', [0x7f]],
  ['funcref', [0x70]],
  ['(ref null func)', [0x63, 0x70]],
  ['(ref 300)', [0x64, 0xac, 0x02]],
])('skips the value type %s', (_, bytes) => {
  const reader = readerOf(...bytes);
  reader.skipValueType();
  expect(reader.done).toBe(true);
});

it('reads the sections that were written, with their content', () => {
  const bytes = component(customSection('note', Buffer.from('hello')), section(componentSection.type, vector(0)));
  const [note, type, ...rest] = [...sectionsOf(bytes)];
  const reader = new BinaryReader(bytes, note?.start, note?.end);
  expect([reader.name(), Buffer.from(reader.take(5)).toString(), reader.done, reader.peek()]).toEqual([
    ...['note', 'hello'],
    ...[true, undefined],
  ]);
  expect([note?.id, type?.id, rest]).toEqual([componentSection.custom, componentSection.type, []]);
});

it('writes a core module that the engine accepts', async () => {
  const empty = sized([0x00], [0x0b]);
  const module = coreModule(
    section(coreSection.type, vector(1, [0x60, 0, 0])),
    section(coreSection.function, vector(1, [0])),
    section(coreSection.export, vector(1, concat([name('run'), [0, 0]]))),
    section(coreSection.code, vector(1, empty)),
  );
  const { exports } = new WebAssembly.Instance(await WebAssembly.compile(module));
  expect(Object.keys(exports)).toEqual(['run']);
});

it('distinguishes modules, components and anything else by their preamble', () => {
  const other = Uint8Array.of(0x00, 0x61, 0x73, 0x6d, 0x0d, 0x00, 0x02, 0x00);
  expect([emptyModule, emptyComponent, other, new Uint8Array()].map(bytes => formatOf(bytes))).toEqual([
    ...['module', 'component'],
    ...[undefined, undefined],
  ]);
  expect(formatOf(concat([[1, 2], emptyModule]), 2)).toBe('module');
});

it.each([
  ['module', coreSection.dataCount, 'data count'],
  ['component', componentSection.canonicalFunction, 'canonical function'],
  ['component', 99, undefined],
] as const)('names a section of a %s: %i is %s', (format, id, expected) => {
  expect(sectionName(format, id)).toBe(expected);
});
