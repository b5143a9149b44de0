import type { BinaryReader } from '../binary-reader.ts';
import { type Bytes, concat, u32, vector } from '../binary-writer.ts';
import { readCode } from './read-code.ts';
import type { Region } from './regions.ts';

/** The global that counts, and where the globals of the module have moved because of it. */
export interface Counter {
  readonly index: number;
  readonly moved: (global: number) => number;
}

const op = {
  unreachable: 0x00,
  if: 0x04,
  end: 0x0b,
  localGet: 0x20,
  localTee: 0x22,
  globalGet: 0x23,
  globalSet: 0x24,
  i64Const: 0x42,
  i64LtS: 0x53,
  i64Sub: 0x7d,
  i64Shl: 0x86,
  i64ShrU: 0x88,
  i64ExtendI32U: 0xad,
} as const;
const noResult = 0x40;
const i32Type = 0x7f;
const mostCost = 2 ** 31 - 1;

/**
 * Returns the body of a function whose code charges the counter: each region of it by its instructions, and what works
 * on many bytes or entries by their number. The counter is looked at where the function begins, at the head of each
 * loop, and before what is charged by a number; below zero, the code traps.
 * @param body from the locals to the last `end`
 * @throws Fault `feature_forbidden` for an instruction that is not known, `component_malformed`
 */
export function chargedFunction(body: BinaryReader, parameters: number, counter: Counter): Uint8Array {
  const { bytes } = body;
  const groups = body.u32();
  const declared = body.position;
  let locals = 0;
  for (let rest = groups; rest > 0; rest -= 1) {
    locals += body.u32();
    body.skipValueType();
  }
  const start = body.position;
  const { regions, uses } = readCode(body, locals);
  // A number is kept in a local behind all others.
  const own = uses.some(use => 'shift' in use) ? [[1, i32Type]] : [];
  const parts: Bytes[] = [vector(groups + own.length, concat([bytes.subarray(declared, start), ...own]))];
  let from = start;
  const replace = (to: number, put: Bytes, then = to) => {
    parts.push(bytes.subarray(from, to), put);
    from = then;
  };
  let next = 0;
  const chargeRegions = (end: number) => {
    for (let region = regions[next]; region !== undefined && region.position <= end; region = regions[next]) {
      if (region.cost > 0) replace(region.position, regionCharge(region, counter.index));
      next += 1;
    }
  };
  for (const use of uses) {
    chargeRegions(use.start);
    if ('shift' in use) replace(use.start, numberCharge(use.shift, counter.index, parameters + locals));
    else replace(use.start, u32(counter.moved(use.global)), use.end);
  }
  chargeRegions(body.end);
  parts.push(bytes.subarray(from, body.end));
  return concat(parts);
}

function regionCharge({ cost, isChecked }: Region, counter: number): Bytes {
  const index = u32(counter);
  const charge = [op.globalGet, ...index, op.i64Const, ...positive(cost), op.i64Sub, op.globalSet, ...index];
  return isChecked ? [...charge, ...check(index)] : charge;
}

function numberCharge(shift: number, counter: number, local: number): Bytes {
  const index = u32(counter);
  const number = u32(local);
  return [
    ...[op.localTee, ...number, op.globalGet, ...index, op.localGet, ...number, op.i64ExtendI32U],
    ...[op.i64Const, ...positive(Math.abs(shift)), shift > 0 ? op.i64Shl : op.i64ShrU],
    ...[op.i64Sub, op.globalSet, ...index, ...check(index)],
  ];
}

const check = (index: Uint8Array): number[] => [
  ...[op.globalGet, ...index, op.i64Const, 0, op.i64LtS],
  ...[op.if, noResult, op.unreachable, op.end],
];

/** A constant: signed LEB128, in which the bit 0x40 of the last byte is the sign. */
function positive(value: number): Uint8Array {
  const bytes = u32(Math.min(value, mostCost));
  const last = bytes.at(-1) ?? 0;
  return last < 0x40 ? bytes : Uint8Array.of(...bytes.subarray(0, -1), last | 0x80, 0);
}
