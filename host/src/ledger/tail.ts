import { createHash } from 'node:crypto';
import { closeSync, fstatSync, openSync, readFileSync, readSync } from 'node:fs';
import { rename, writeFile } from 'node:fs/promises';
import { follows, type Place, readSealed, type SealedLine } from './sealed-line.ts';

/** Bytes at the end of a file that are no line: a process was killed while it wrote them. */
export interface Torn {
  readonly bytes: number;
  readonly sha256: string;
}

/** The end of a file. */
export interface Tail {
  /** The last line of a chain in it, if there is one. */
  readonly last?: Place | undefined;
  readonly torn?: Torn | undefined;
  /** Whether the file ends within a line. */
  readonly isInLine: boolean;
}

const newline = 0x0a;
const step = 2 ** 18;
/** How far back a line of a chain is looked for. Queues hold shorter lines. */
const furthest = 2 ** 26;

/** Reads the end of a regular file. @throws the system's error */
export function readTail(file: string): Tail {
  const reader = openSync(file, 'r');
  try {
    const { size } = fstatSync(reader);
    for (let length = Math.min(step, size); length > 0; length = Math.min(length * 4, size, furthest)) {
      const bytes = Buffer.alloc(length);
      readSync(reader, bytes, 0, length, size - length);
      const tail = tailOf(bytes, length === size);
      if (tail.last !== undefined || length === size || length === furthest) return tail;
    }
    return { isInLine: false };
  } finally {
    closeSync(reader);
  }
}

/** @param isWhole whether the bytes are the whole file, so that the first of them begins a line */
function tailOf(bytes: Buffer, isWhole: boolean): Tail {
  const isInLine = bytes.at(-1) !== newline;
  const rest = isInLine ? bytes.subarray(bytes.lastIndexOf(newline) + 1) : bytes.subarray(bytes.length);
  let end = bytes.length - rest.length;
  let last: SealedLine | undefined;
  while (end > 0 && last === undefined) {
    const begin = bytes.lastIndexOf(newline, end - 2) + 1;
    if (begin === 0 && !isWhole) break;
    last = readSealed(bytes.subarray(begin, end - 1));
    if (last === undefined) end = begin;
  }
  if (last === undefined) return { isInLine };
  // A line without its end is whole only if it follows the one before: a torn one may look whole.
  const unended = readSealed(rest);
  if (end + rest.length === bytes.length && unended?.seq === last.seq + 1 && follows(unended, last.hash)) {
    return { last: unended, isInLine };
  }
  const after = bytes.subarray(end);
  return { last, isInLine, torn: after.length === 0 ? undefined : tornOf(after) };
}

/** Describes bytes that are no line, without the end of a line if they have one. */
export function tornOf(bytes: Buffer): Torn {
  const line = bytes.at(-1) === newline ? bytes.subarray(0, -1) : bytes;
  return { bytes: line.length, sha256: createHash('sha256').update(line).digest('hex') };
}

const headOf = (file: string) => `${file}.head`;

/** Reads where the chain of a file was when it was signed last; its lines may have been moved away since. */
export function readHead(file: string): Place | undefined {
  try {
    return readSealed(readFileSync(headOf(file)));
  } catch {
    return undefined;
  }
}

/** Keeps the last checkpoint beside the file, so that a chain continues after its file was moved away. @throws the system's error */
export async function writeHead(file: string, checkpoint: string): Promise<void> {
  const draft = `${headOf(file)}.draft`;
  await writeFile(draft, checkpoint, { mode: 0o600 });
  await rename(draft, headOf(file));
}
