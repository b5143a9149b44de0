import { createHash, hash } from 'node:crypto';

/** Where a chain of lines is: the number and the hash of its last line. */
export interface Place {
  readonly seq: number;
  /** SHA-256 in hexadecimal. */
  readonly hash: string;
}

/** A line as it is in a ledger, without its end. */
export interface SealedLine extends Place {
  /** The bytes that the hash covers, after the hash of the line before. */
  readonly covered: Buffer;
}

/** The place before the first line of a chain. */
export const genesis: Place = { seq: 0, hash: '0'.repeat(64) };

/**
 * The highest number that a ledger continues from. No gateway reaches it, and beyond the 15 digits that are read a chain
 * would end.
 */
export const mostSequence = 99_999_999_999_999;

const beforeHash = ',"hash":"';
/** The number of bytes from the comma before `hash` to the end of the line. */
const sealLength = beforeHash.length + 64 + '"}'.length;

const sealPattern = /^,"hash":"([0-9a-f]{64})"\}$/;
const sequencePattern = /[,{]"seq":([1-9]\d{0,14})$/;

/**
 * Appends `seq` and `hash` to an object in JSON, which must have other members. The hash is the SHA-256 of the hash of
 * the line before, in hexadecimal, and of the bytes of this line up to the comma before `hash`.
 */
export function seal(object: string, before: Place): Place & { readonly line: string } {
  const seq = before.seq + 1;
  const covered = `${object.slice(0, -1)},"seq":${seq}`;
  const own = hash('sha256', before.hash + covered);
  return { seq, hash: own, line: `${covered}${beforeHash}${own}"}` };
}

/** Reads the number and the hash of a line. Returns undefined if it has none where they belong. */
export function readSealed(line: Buffer): SealedLine | undefined {
  if (line.length <= sealLength) return undefined;
  const covered = line.subarray(0, -sealLength);
  const [, own] = sealPattern.exec(line.toString('latin1', covered.length)) ?? [];
  const [, seq] = sequencePattern.exec(covered.toString('latin1', Math.max(0, covered.length - 32))) ?? [];
  return own === undefined || seq === undefined ? undefined : { seq: Number(seq), hash: own, covered };
}

/** Returns whether the hash of a line is that of its bytes, after a line with this hash. */
export const follows = ({ covered, hash: own }: SealedLine, before: string): boolean =>
  createHash('sha256').update(before).update(covered).digest('hex') === own;

/** Returns whether a line has the number and the hash that belong after this place. */
export const isNext = (line: SealedLine, { seq, hash: before }: Place): boolean =>
  line.seq === seq + 1 && follows(line, before);
