import type { Random } from '../random.ts';

type Change = (bytes: Uint8Array, random: Random, other: Uint8Array) => Uint8Array;

/** Values at which readers of numbers err: ends of ranges, signs, continuation bits. */
const telling = [0x00, 0x01, 0x7f, 0x80, 0x81, 0xff, 0xfe, 0x40, 0x60, 0x70];
/** Unsigned LEB128: zero in five bytes, the largest, one that is too large, and one that never ends. */
const lengths: readonly (readonly number[])[] = [
  [0x80, 0x80, 0x80, 0x80, 0x00],
  [0xff, 0xff, 0xff, 0xff, 0x0f],
  [0xff, 0xff, 0xff, 0xff, 0x7f],
  [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01],
  [0xe8, 0x07],
];

const changes: readonly Change[] = [
  (bytes, random) => set(bytes, random, value => value ^ (1 << random.int(8))),
  (bytes, random) => set(bytes, random, () => random.pick(telling)),
  (bytes, random) => set(bytes, random, value => value + random.pick([-1, 1])),
  (bytes, random) => set(bytes, random, () => random.int(256)),
  (bytes, random) => cut(bytes, random, 1 + random.int(8), []),
  (bytes, random) =>
    cut(
      bytes,
      random,
      0,
      Uint8Array.from({ length: 1 + random.int(8) }, () => random.int(256)),
    ),
  (bytes, random) => cut(bytes, random, random.int(3), random.pick(lengths)),
  (bytes, random) => cut(bytes, random, 0, pieceOf(bytes, random)),
  (bytes, random, other) => cut(bytes, random, random.int(64), pieceOf(other, random)),
  (bytes, random) => bytes.slice(0, random.int(bytes.length + 1)),
];

/** The bytes with one to four changes, which know nothing of what the bytes mean; `other` lends pieces. */
export function mutateBytes(bytes: Uint8Array, random: Random, other: Uint8Array): Uint8Array {
  let changed = Uint8Array.from(bytes);
  for (let times = 1 + random.int(4); times > 0; times -= 1)
    changed = Uint8Array.from(random.pick(changes)(changed, random, other));
  return changed;
}

/** Changes the value of one byte in place. */
function set(bytes: Uint8Array, random: Random, change: (value: number) => number): Uint8Array {
  if (bytes.length === 0) return bytes;
  const at = random.int(bytes.length);
  bytes[at] = change(bytes[at] ?? 0) & 0xff;
  return bytes;
}

/** Puts others into the place of `length` bytes. */
function cut(bytes: Uint8Array, random: Random, length: number, others: Uint8Array | readonly number[]): Uint8Array {
  const at = random.int(bytes.length + 1);
  return Buffer.concat([bytes.subarray(0, at), Uint8Array.from(others), bytes.subarray(at + length)]);
}

function pieceOf(bytes: Uint8Array, random: Random): Uint8Array {
  const at = random.int(bytes.length + 1);
  return bytes.slice(at, at + 1 + random.int(64));
}
