import { openRegularFile } from '../core/regular-file.ts';

/** A line of a file, without its end. */
export interface FileLine {
  /** Its number in the file, from 1. */
  readonly number: number;
  readonly bytes: Buffer;
  /** Whether the file ends without an end of this line. */
  readonly isUnended: boolean;
}

const newline = 0x0a;
const chunkBytes = 2 ** 18;
/** Longer lines lose their end, and with it their hash: nothing of the gateway writes one. */
const longest = 2 ** 26;

/** Reads the lines of a file, which may be larger than memory. @throws the system's error */
export async function* readLines(file: string): AsyncGenerator<FileLine> {
  await using handle = await openRegularFile(file);
  let rest: Buffer[] = [];
  let length = 0;
  let number = 0;
  const take = (end: Buffer) => {
    const bytes = rest.length === 0 ? end : Buffer.concat(length > longest ? rest : [...rest, end]);
    rest = [];
    length = 0;
    number += 1;
    return bytes;
  };
  for (;;) {
    const { bytesRead, buffer } = await handle.read(Buffer.allocUnsafe(chunkBytes), 0, chunkBytes, null);
    if (bytesRead === 0) break;
    let begin = 0;
    for (let end = buffer.indexOf(newline); end !== -1 && end < bytesRead; end = buffer.indexOf(newline, begin)) {
      yield { number: number + 1, bytes: take(buffer.subarray(begin, end)), isUnended: false };
      begin = end + 1;
    }
    const left = buffer.subarray(begin, bytesRead);
    length += left.length;
    if (left.length > 0 && length <= longest) rest.push(left);
  }
  if (length > 0) yield { number: number + 1, bytes: take(Buffer.alloc(0)), isUnended: true };
}
