import { fail } from '../../core/fault.ts';
import type { BinaryReader } from '../binary-reader.ts';

/**
 * What follows an opcode: this many bytes, or
 * - `number`: a LEB128 number whose value does not matter here, such as an index, a constant or a heap type
 * - `global`, `label`: an index that matters
 * - `labels`: the labels of `br_table`
 * - `memory`: alignment, offset, and an index of a memory when there are several
 * - `block`: the type of a block
 * - `types`: value types
 * - `catches`: the clauses of `try_table`
 */
export type Immediate = number | 'number' | 'global' | 'label' | 'labels' | 'memory' | 'block' | 'types' | 'catches';

type Row = readonly [first: number, last: number, ...immediates: readonly Immediate[]];

/**
 * Every instruction that may be in a module, by opcode, with its immediates. A prefixed opcode is `prefix << 16` and
 * its number. (Core spec § Binary Format, Instructions; proposals: exceptions, both forms, and threads)
 */
const rows: readonly Row[] = [
  [0x00, 0x01], // unreachable, nop
  [0x02, 0x04, 'block'], // block, loop, if
  [0x05, 0x05], // else
  [0x06, 0x06, 'block'], // try
  [0x07, 0x09, 'number'], // catch, throw, rethrow
  [0x0a, 0x0b], // throw_ref, end
  [0x0c, 0x0d, 'label'], // br, br_if
  [0x0e, 0x0e, 'labels'], // br_table
  [0x0f, 0x0f], // return
  [0x10, 0x10, 'number'], // call
  [0x11, 0x11, 'number', 'number'], // call_indirect
  [0x12, 0x12, 'number'], // return_call
  [0x13, 0x13, 'number', 'number'], // return_call_indirect
  [0x14, 0x15, 'number'], // call_ref, return_call_ref
  [0x18, 0x18, 'number'], // delegate
  [0x19, 0x1b], // catch_all, drop, select
  [0x1c, 0x1c, 'types'], // select with types
  [0x1f, 0x1f, 'block', 'catches'], // try_table
  [0x20, 0x22, 'number'], // local.get, .set, .tee
  [0x23, 0x24, 'global'], // global.get, .set
  [0x25, 0x26, 'number'], // table.get, .set
  [0x28, 0x3e, 'memory'], // loads and stores
  [0x3f, 0x42, 'number'], // memory.size, memory.grow, i32.const, i64.const
  [0x43, 0x43, 4], // f32.const
  [0x44, 0x44, 8], // f64.const
  [0x45, 0xc4], // comparisons, arithmetic, conversions, sign extension
  [0xd0, 0xd0, 'number'], // ref.null
  [0xd1, 0xd1], // ref.is_null
  [0xd2, 0xd2, 'number'], // ref.func
  [0xd4, 0xd4], // ref.as_non_null
  [0xd5, 0xd6, 'label'], // br_on_null, br_on_non_null

  [0xfc0000, 0xfc0007], // saturating conversions
  [0xfc0008, 0xfc0008, 'number', 'number'], // memory.init
  [0xfc0009, 0xfc0009, 'number'], // data.drop
  [0xfc000a, 0xfc000a, 'number', 'number'], // memory.copy
  [0xfc000b, 0xfc000b, 'number'], // memory.fill
  [0xfc000c, 0xfc000c, 'number', 'number'], // table.init
  [0xfc000d, 0xfc000d, 'number'], // elem.drop
  [0xfc000e, 0xfc000e, 'number', 'number'], // table.copy
  [0xfc000f, 0xfc0011, 'number'], // table.grow, .size, .fill

  [0xfd0000, 0xfd000b, 'memory'], // vector loads, v128.store
  [0xfd000c, 0xfd000d, 16], // v128.const, i8x16.shuffle
  [0xfd000e, 0xfd0014], // swizzle, splats
  [0xfd0015, 0xfd0022, 1], // lanes
  [0xfd0023, 0xfd0053], // comparisons, bitwise operations
  [0xfd0054, 0xfd005b, 'memory', 1], // loads and stores of one lane
  [0xfd005c, 0xfd005d, 'memory'], // loads with zeros
  [0xfd005e, 0xfd0113], // arithmetic, conversions, relaxed instructions

  [0xfe0000, 0xfe0002, 'memory'], // notify and wait
  [0xfe0003, 0xfe0003, 1], // atomic.fence
  [0xfe0010, 0xfe004e, 'memory'], // atomic loads, stores and read-modify-write
];

const firstPrefix = 0xfc;
const lastPrefix = 0xfe;

const immediates = new Map<number, readonly Immediate[]>();
for (const [first, last, ...all] of rows) for (let code = first; code <= last; code += 1) immediates.set(code, all);

/** Reads an opcode. @throws Fault `component_malformed` */
export function readOpcode(reader: BinaryReader): number {
  const byte = reader.byte();
  return byte >= firstPrefix && byte <= lastPrefix ? byte * 0x10000 + reader.u32() : byte;
}

/** The immediates of an instruction. @throws Fault `feature_forbidden` for one that is not in the table */
export function immediatesOf(opcode: number, at: number): readonly Immediate[] {
  return (
    immediates.get(opcode) ?? fail('feature_forbidden', { feature: `the instruction 0x${opcode.toString(16)}`, at })
  );
}

/** Skips an immediate that holds no label. @throws Fault `component_malformed` */
export function skipImmediate(reader: BinaryReader, immediate: Immediate): void {
  if (typeof immediate === 'number') reader.take(immediate);
  else if (immediate === 'memory') skipMemory(reader);
  else if (immediate === 'block') skipBlockType(reader);
  else if (immediate === 'types') for (let count = reader.u32(); count > 0; count -= 1) reader.skipValueType();
  else reader.skipInteger();
}

/** A value type, or a function type by its index, which has a byte more where it could be taken for a value type. */
function skipBlockType(reader: BinaryReader): void {
  if ((reader.peek() ?? 0) < 0x80) reader.skipValueType();
  else reader.skipInteger();
}

function skipMemory(reader: BinaryReader): void {
  const hasIndex = 0x40;
  if ((reader.u32() & hasIndex) !== 0) reader.skipInteger();
  reader.skipInteger();
}
