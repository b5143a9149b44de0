/**
 * What instructions cost, in units of fuel. One unit is about a third of a nanosecond on a machine of 2026: what most
 * instructions take. The others are charged for what they took on V8 when it was measured.
 */

/** Instructions that take no time of their own: nop, block, loop, else, end. */
const free = new Set([0x01, 0x02, 0x03, 0x05, 0x0b]);

/** Instructions that call into V8, without what they cost by length. */
const dear: ReadonlyMap<number, number> = new Map([
  [0x26, 128], // table.set
  [0x40, 2048], // memory.grow
  [0xd2, 16], // ref.func
  [0xfc0008, 16], // memory.init
  [0xfc000a, 16], // memory.copy
  [0xfc000b, 16], // memory.fill
  [0xfc000c, 128], // table.init
  [0xfc000e, 128], // table.copy
  [0xfc000f, 32], // table.grow
  [0xfc0011, 128], // table.fill
]);

/** Instructions whose topmost operand is a length: it is shifted left by this many bits, or right where negative. */
const byLength: ReadonlyMap<number, number> = new Map([
  [0x40, 13], // memory.grow: 8192 a page, for the bytes that the system clears when they are touched
  [0xfc0008, -3], // memory.init, .copy, .fill: 1 for 8 bytes
  [0xfc000a, -3],
  [0xfc000b, -3],
  [0xfc000c, 8], // table.init, .copy, .grow, .fill: 256 an entry
  [0xfc000e, 8],
  [0xfc000f, 8],
  [0xfc0011, 8],
]);

/** What a call costs beside the code of the function: a frame, and clearing its locals. */
export const callCost = (locals: number): number => 2 + Math.floor(locals / 8);

/** What each pass of a loop costs beside the code in it. */
export const loopCost = 1;

export const instructionCost = (opcode: number): number => (free.has(opcode) ? 0 : (dear.get(opcode) ?? 1));

/** How far to shift the length that is the topmost operand of an instruction; undefined if it has no such operand. */
export const lengthShift = (opcode: number): number | undefined => byLength.get(opcode);
